/** How much of the limit a step aims at. */
const AIM = 0.8
/** A limit that was learned from a refusal is a little lower than what had gone out by then. */
const LEARNED = 0.9

/**
 * How many commits the next step takes. It follows what was observed, as commits differ by orders of magnitude
 * from repository to repository, and halves on a refusal.
 */
export class StepSize {
  #limit: number
  #bytesPerCommit: number
  #most = Number.POSITIVE_INFINITY

  /** `guess` is the bytes that a commit may bring, before any was sent. */
  constructor(limit: number, guess: number) {
    this.#limit = limit
    this.#bytesPerCommit = guess
  }

  get limit(): number {
    return this.#limit
  }

  next(): number {
    const fitting = Math.floor((this.#limit * AIM) / this.#bytesPerCommit)
    return Math.max(1, Math.min(fitting, this.#most))
  }

  /** How many packs are left for so many commits: an estimate. */
  packsFor(commits: number): number {
    return Math.ceil(commits / this.next())
  }

  accepted(commits: number, bytes: number): void {
    this.#bytesPerCommit = Math.max(1, bytes / Math.max(1, commits))
    this.#most = Number.POSITIVE_INFINITY
  }

  /** A step was refused, or stopped at the limit, after so many bytes. */
  refused(commits: number, bytes: number): void {
    if (bytes < this.#limit) this.#limit = Math.max(1, bytes * LEARNED)
    this.#most = Math.max(1, Math.floor(commits / 2))
  }
}
