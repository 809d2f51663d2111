import { getHeapStatistics } from 'node:v8'
import formatBytes from 'bytes-iec'
import { abortError, GitSyncError } from '../../errors.js'
import type { MemoryAccount } from '../../git/http/memory-account.js'

/** Half of V8's heap limit: garbage needs room too. */
export const DEFAULT_MEMORY_BUDGET = getHeapStatistics().heap_size_limit / 2

/** How long a run may wait for memory. Its remotes wait with it, and close the connection before long. */
const MAX_WAIT_MS = 60_000
/** The most bytes that a small run holds. */
const SMALL = 1024 * 1024

/**
 * The memory that all runs together may hold. Beyond it they wait, and the oldest continues first. When every run that
 * holds memory waits for more, the newest is refused, to resolve the deadlock. An eighth is reserved for small runs, so
 * that large ones do not block them.
 */
export class MemoryBudget {
  readonly #limit: number
  /** Oldest first. */
  readonly #shares = new Set<MemoryShare>()
  #held = 0

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes that are held. */
  get held(): number {
    return this.#held
  }

  /** Whether a run waits for memory. */
  get isShort(): boolean {
    return [...this.#shares].some(({ waits }) => waits.size > 0)
  }

  open(): MemoryShare {
    const share = new MemoryShare(this)
    this.#shares.add(share)
    return share
  }

  /** Changes a share by `bytes`, which may be negative; false if there is no room. */
  resize(share: MemoryShare, bytes: number): boolean {
    const limit = share.bytes + bytes <= SMALL ? this.#limit : this.#limitOfOne
    if (bytes > 0 && this.#held + bytes > limit) return false
    this.#held += bytes
    share.bytes += bytes
    if (bytes < 0) this.#admitWaiting()
    return true
  }

  /** Resolves once there is room. @throws GitSyncError */
  async wait(share: MemoryShare, wanted: Wanted, signal: AbortSignal): Promise<void> {
    if (share.bytesWith(wanted) > Math.max(this.#limitOfOne, SMALL)) throw this.#tooLarge()
    if (signal.aborted) throw abortError(signal.reason)
    await new Promise<void>((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        share.waits.delete(wait)
      }
      const refuse = (error: GitSyncError) => {
        end()
        reject(error)
      }
      const admit = () => {
        end()
        resolve()
      }
      const wait = { wanted, admit, refuse }
      const giveUp = () => refuse(abortError(signal.reason))
      const timer = setTimeout(() => refuse(this.#full()), MAX_WAIT_MS)
      signal.addEventListener('abort', giveUp, { once: true })
      share.waits.add(wait)
      this.#admitWaiting()
    })
  }

  close(share: MemoryShare): void {
    this.resize(share, -share.bytes)
    this.#shares.delete(share)
  }

  #admitWaiting(): void {
    if (!this.isShort) return
    for (const share of this.#shares) {
      for (const { wanted, admit } of share.waits) if (share.tryHold(wanted.purpose, wanted.bytes)) admit()
    }
    const holding = [...this.#shares].filter(({ bytes }) => bytes > 0)
    if (holding.some(({ waits }) => waits.size === 0)) return
    for (const { refuse } of holding.at(-1)?.waits ?? []) refuse(this.#full())
  }

  get #limitOfOne(): number {
    return this.#limit - this.#limit / 8
  }

  #full(): GitSyncError {
    const message = `Other runs use the memory that ${this.#setting()} allows: try again later.`
    return new GitSyncError('overloaded', message)
  }

  #tooLarge(): GitSyncError {
    const hint = 'raise it, or select fewer refs'
    const message = `One run would use nearly all the memory that ${this.#setting()} allows: ${hint}.`
    return new GitSyncError('overloaded', message, { retryable: false })
  }

  #setting(): string {
    return `GITSYNC_MEMORY_BUDGET (${formatBytes(this.#limit, { mode: 'binary' })})`
  }
}

interface Wanted {
  purpose: string
  bytes: number
}

interface Wait {
  wanted: Wanted
  admit: () => void
  refuse: (error: GitSyncError) => void
}

/** The memory that one request holds, by purpose, from its body to the last byte of its response. */
export class MemoryShare implements MemoryAccount {
  bytes = 0
  readonly waits = new Set<Wait>()
  readonly #budget: MemoryBudget
  readonly #purposes = new Map<string, number>()
  #users = 1

  constructor(budget: MemoryBudget) {
    this.#budget = budget
  }

  // A second listing keeps what the first was granted: after a push, a run must not have to wait.
  hold(purpose: string, bytes: number, signal: AbortSignal): Promise<void> | undefined {
    if (bytes <= (this.#purposes.get(purpose) ?? 0)) return undefined
    if (this.tryHold(purpose, bytes)) return undefined
    return this.#budget.wait(this, { purpose, bytes }, signal)
  }

  /** Sets what `purpose` holds to `bytes`, without waiting; false if there is no room. */
  tryHold(purpose: string, bytes: number): boolean {
    const more = bytes - (this.#purposes.get(purpose) ?? 0)
    if (this.#users > 0 && !this.#budget.resize(this, more)) return false
    this.#purposes.set(purpose, bytes)
    return true
  }

  /** The total that the share would hold if `wanted` were granted. */
  bytesWith({ purpose, bytes }: Wanted): number {
    return this.bytes + bytes - (this.#purposes.get(purpose) ?? 0)
  }

  /** Adds a user; the memory is released once all users have released it. */
  retain(): void {
    this.#users++
  }

  release(): void {
    if (--this.#users === 0) this.#budget.close(this)
  }
}
