import { getHeapStatistics } from 'node:v8'
import formatBytes from 'bytes-iec'
import { abortError, GitSyncError } from '../../errors.js'
import type { MemoryAccount } from '../../git/http/memory-account.js'

/** Half of what V8 will give: garbage needs room too. */
export const DEFAULT_MEMORY_BUDGET = getHeapStatistics().heap_size_limit / 2

/** Milliseconds that a run waits for memory. Its remotes wait with it, and do not do so for long. */
const MAX_WAIT_MS = 60_000
/** A run that holds no more than this is small. */
const SMALL = 1024 * 1024

/**
 * The memory that all runs together may hold. Beyond it they wait, the oldest first; where all that hold any memory
 * wait for more, the newest is refused, as nobody would ever go on. An eighth is kept free for small runs, so that
 * large ones do not hold them up.
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

  /** Adds to what a share holds, or takes from it; false where there is no room. */
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

/** What one request holds, by purpose, from its body to the last byte of its response. */
export class MemoryShare implements MemoryAccount {
  bytes = 0
  readonly waits = new Set<Wait>()
  readonly #budget: MemoryBudget
  readonly #purposes = new Map<string, number>()
  #users = 1

  constructor(budget: MemoryBudget) {
    this.#budget = budget
  }

  // A second listing never gives back what the first one was granted: after a push it must not have to wait.
  hold(purpose: string, bytes: number, signal: AbortSignal): Promise<void> | undefined {
    if (bytes <= (this.#purposes.get(purpose) ?? 0)) return undefined
    if (this.tryHold(purpose, bytes)) return undefined
    return this.#budget.wait(this, { purpose, bytes }, signal)
  }

  /** What `purpose` holds is `bytes`, where nothing can wait; false where there is no room. */
  tryHold(purpose: string, bytes: number): boolean {
    const more = bytes - (this.#purposes.get(purpose) ?? 0)
    if (this.#users > 0 && !this.#budget.resize(this, more)) return false
    this.#purposes.set(purpose, bytes)
    return true
  }

  /** What it would hold with this. */
  bytesWith({ purpose, bytes }: Wanted): number {
    return this.bytes + bytes - (this.#purposes.get(purpose) ?? 0)
  }

  /** Counts one more user: all of them have to release it. */
  retain(): void {
    this.#users++
  }

  release(): void {
    if (--this.#users === 0) this.#budget.close(this)
  }
}
