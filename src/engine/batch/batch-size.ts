import { TUNING } from './tuning.js'

/** How many commits a batch has. It follows what was observed: commits differ by orders of magnitude. */
export class BatchSize {
  #limit: number
  #bytesPerCommit: number
  #proven = 0

  /** `bytesPerCommit` is an estimate from before anything was pushed. */
  constructor(limit: number, bytesPerCommit: number) {
    this.#limit = limit
    this.#bytesPerCommit = Math.max(1, bytesPerCommit)
  }

  /** Most bytes of a pack, as far as is known. */
  get limit(): number {
    return this.#limit
  }

  next(): number {
    return Math.max(1, Math.floor((this.#limit * TUNING.aim) / this.#bytesPerCommit))
  }

  /** How many packs are left for so many commits: an estimate. */
  packsFor(commits: number): number {
    return Math.max(1, Math.ceil(commits / this.next()))
  }

  /** A push of so many bytes was accepted before. */
  isProven(bytes: number): boolean {
    return bytes < this.#proven
  }

  accepted(commits: number, bytes: number): void {
    this.#proven = Math.max(this.#proven, bytes)
    if (commits > 0) this.#bytesPerCommit = Math.max(1, bytes / commits)
  }

  /** A push was refused after so many bytes: the limit is lower than these. */
  refused(bytes: number): void {
    if (bytes < this.#limit) this.#limit = Math.max(1, bytes * TUNING.learned)
    this.#proven = 0
  }
}
