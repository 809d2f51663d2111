import { StringDecoder } from 'node:string_decoder'
import type { EndpointRole, ProgressEvent, RunEvent } from '../../../schemas/event.js'
import { printable } from '../../runtime/printable.js'

export type Emit = (event: RunEvent) => void

/** Milliseconds between two `progress` events, and between two redrawn lines of a remote. */
const INTERVAL = 250
const MAX_LINE = 1000
/** Lines of a remote that are reported in an interval: no hook prints more, and listeners have to keep up. */
const MAX_LINES = 1000
/** Characters kept of a line that has not ended, to be redacted before it is truncated. */
const MAX_HELD = 16 * 1024

/** Counts pack bytes and reports them at most every 250 ms; by a timer, so that the last state is reported too. */
export class ProgressMeter {
  sourceBytes = 0
  targetBytes = 0
  objects: number | undefined
  batch: ProgressEvent['batch']
  /** LFS objects, and bytes of them, as far as they are. */
  readonly lfs = { done: 0, total: 0, bytes: 0, totalBytes: 0, received: 0, sent: 0 }
  #phase: ProgressEvent['phase'] = 'prove'
  #relayStarted = 0
  #lfsStarted = 0
  #lastEmitted = Number.NEGATIVE_INFINITY
  #pending = false
  readonly #emit: Emit
  readonly #timer: NodeJS.Timeout

  constructor(emit: Emit) {
    this.#emit = emit
    this.#timer = setInterval(() => this.#report(), INTERVAL).unref()
  }

  enter(phase: ProgressEvent['phase']): void {
    this.#phase = phase
    if (phase === 'relay' && this.#relayStarted === 0) this.#relayStarted = performance.now()
    if (phase === 'lfs' && this.#lfsStarted === 0) this.#lfsStarted = performance.now()
    this.changed()
  }

  /** Reports a change now or within the interval. */
  changed(): void {
    this.#pending = true
    this.#report()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #report(): void {
    const now = performance.now()
    if (!this.#pending || now - this.#lastEmitted < INTERVAL) return
    this.#pending = false
    this.#lastEmitted = now
    const isLfs = this.#phase === 'lfs'
    const { received, sent, ...lfs } = this.lfs
    const started = isLfs ? this.#lfsStarted : this.#relayStarted
    const seconds = started === 0 ? 0 : (now - started) / 1000
    const [sourceBytes, targetBytes] = isLfs ? [received, sent] : [this.sourceBytes, this.targetBytes]
    this.#emit({
      type: 'progress',
      phase: this.#phase,
      sourceBytes,
      targetBytes,
      bytesPerSecond: seconds > 0 ? Math.round(targetBytes / seconds) : 0,
      ...(isLfs ? { lfs } : {}),
      ...(this.objects === undefined ? {} : { objects: { total: this.objects } }),
      ...(this.batch === undefined ? {} : { batch: this.batch }),
    })
  }
}

/**
 * Makes `remote` events of a side's band-2 text: a line each. Lines that end in CR are redrawn ones, so most of
 * them are left out, and so is what floods.
 */
export function remoteText(
  side: EndpointRole,
  redact: (text: string, isCut: boolean) => string,
  emit: Emit,
): (text: Buffer) => void {
  const decoder = new StringDecoder('utf8')
  let line = NOTHING
  // A redrawn line that was left out, as long as an LF may show that it ended in CR LF.
  let held = NOTHING
  let lastRedrawn = Number.NEGATIVE_INFINITY
  let [lines, since] = [0, Number.NEGATIVE_INFINITY]
  const end = (isRedrawn: boolean) => {
    const { text, isCut } = line.text === '' && !isRedrawn ? held : line
    if (text === '') return
    const now = performance.now()
    const isHeld = isRedrawn && now - lastRedrawn < INTERVAL
    held = isHeld ? line : NOTHING
    line = NOTHING
    if (isHeld) return
    if (isRedrawn) lastRedrawn = now
    if (now - since >= INTERVAL) [lines, since] = [0, now]
    if (++lines > MAX_LINES) return
    const shown = printable(redact(text, isCut), MAX_LINE)
    if (shown === '') return
    emit({ type: 'remote', side, text: shown })
  }
  return (bytes) => {
    for (const part of decoder.write(bytes).split(/(?<=[\r\n])/)) {
      const text = part.replace(/[\r\n]$/, '')
      const isCut = line.isCut || line.text.length + text.length > MAX_HELD
      line = { text: line.text + text.slice(0, MAX_HELD - line.text.length), isCut }
      if (text !== part) end(part.endsWith('\r'))
    }
  }
}

interface Line {
  text: string
  /** It is longer than what was kept. */
  isCut: boolean
}

const NOTHING: Line = { text: '', isCut: false }
