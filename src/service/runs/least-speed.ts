import ms from 'ms'
import type { EndpointRole, RunEvent } from '../../../schemas/event.js'
import { GitSyncError } from '../../errors.js'
import type { Traffic } from '../../git/http/traffic.js'

export interface LeastSpeedOptions {
  traffic: Traffic
  /** Milliseconds that a run may stay below the minimum speed: before and after a pack, remotes are silent for long. */
  window: number
  /** Whether another run waits for a resource that this one holds. */
  isWaitedFor: () => boolean
  onTooSlow: (error: GitSyncError) => void
}

/** Bytes a second of both remotes together, as git's http.lowSpeedLimit is usually set. */
const LEAST = 1024
/** Bytes of a transfer that earn it one more second: a target needs time to index a large pack. */
const BYTES_PER_SECOND = 1024 * 1024
/** Pack bytes that may be in flight. If more were read than sent, the run waits for the target. */
const IN_FLIGHT = 4 * 1024

/**
 * Ends a run that is too slow, once others wait for what it holds. The run has an allowance of one window, which time
 * uses up and bytes renew, so that only the average over a long time counts.
 */
export class LeastSpeed {
  readonly #options: LeastSpeedOptions
  readonly #timer: NodeJS.Timeout
  readonly #listed = new Set<EndpointRole>()
  #progress: Extract<RunEvent, { type: 'progress' }> | undefined
  #allowance: number
  #bytes = 0
  #at = performance.now()

  constructor(options: LeastSpeedOptions) {
    this.#options = options
    this.#allowance = options.window
    this.#timer = setInterval(() => this.#check(), options.window / 20).unref()
  }

  onEvent(event: RunEvent): void {
    if (event.type === 'discovered') this.#listed.add(event.side)
    else if (event.type === 'progress') this.#progress = event
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #check(): void {
    const { traffic, window, isWaitedFor, onTooSlow } = this.#options
    const [bytes, now] = [traffic.bytes('source') + traffic.bytes('target'), performance.now()]
    const earned = ((bytes - this.#bytes) / LEAST) * 1000
    const most = Math.max(window, (bytes / BYTES_PER_SECOND) * 1000)
    this.#allowance = Math.min(most, Math.max(0, this.#allowance + earned - (now - this.#at)))
    this.#bytes = bytes
    this.#at = now
    if (this.#allowance > 0 || !isWaitedFor()) return
    this.close()
    const side = this.#slowSide()
    const time = ms(Math.round(window), { long: true })
    const message = `The ${side} was too slow for ${time}, at less than 1 KiB a second, and other runs wait.`
    onTooSlow(new GitSyncError(`${side}_timeout`, message))
  }

  /** The side that the run waits for, as far as its events show. */
  #slowSide(): EndpointRole {
    if (!this.#listed.has('source')) return 'source'
    if (!this.#listed.has('target')) return 'target'
    if (!this.#progress) return 'source'
    const { phase, sourceBytes, targetBytes } = this.#progress
    return phase === 'confirm' || sourceBytes - targetBytes > IN_FLIGHT ? 'target' : 'source'
  }
}
