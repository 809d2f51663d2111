import type { TooLarge } from '../push/push-outcome.js'
import type { TargetLimit } from '../push/target-limit.js'
import { TUNING } from './tuning.js'

/** A part of the history as it was, or would be, sent. */
interface Part {
  /** In the unit of the history: commits, or depths. */
  commits: number
  bytes: number
  objects: number
}

/** How many commits a batch has. It follows what was observed: commits differ by orders of magnitude. */
export class BatchSize {
  readonly limit: TargetLimit
  #bytesPerCommit = 1
  #bytesPerObject: number | undefined
  #left = 0

  constructor(limit: TargetLimit) {
    this.limit = limit
  }

  /** Bytes that an object weighs on average, once that is known. */
  get bytesPerObject(): number | undefined {
    return this.#bytesPerObject
  }

  /** How many commits are still to be sent. */
  remaining(commits: number): void {
    this.#left = commits
  }

  /** Commits of the next batch. */
  next(): number {
    const aim = this.limit.isExact ? TUNING.aim : TUNING.vagueAim
    return Math.max(1, Math.floor((this.#worthTrying * aim) / this.#bytesPerCommit))
  }

  /** Bytes of a batch whose commits are weighed. */
  get room(): number {
    return this.#worthTrying * TUNING.full
  }

  /** How many packs are left for so many commits: an estimate. */
  packsFor(commits: number): number {
    return Math.max(1, Math.ceil(commits / this.next()))
  }

  /** Whether a pack of so many objects may be small enough. */
  mayHold(objects: number): boolean {
    if (this.#bytesPerObject === undefined) return true
    return objects * this.#bytesPerObject <= this.limit.most * TUNING.mostByHeader
  }

  /** The measured or accepted weight is assumed of the next commits. */
  observe({ commits, bytes, objects }: Part): void {
    if (commits > 0) this.#bytesPerCommit = Math.max(1, bytes / commits)
    if (commits > 0 && objects > 0) this.#bytesPerObject = bytes / objects
  }

  accepted(part: Part): void {
    this.limit.accepted(part.bytes)
    this.observe(part)
  }

  /** Learns from a pack that was too large: of the limit, or of the weight of its commits. */
  refused(refusal: TooLarge, { commits, objects }: Omit<Part, 'bytes'>): void {
    this.limit.refused(refusal)
    const { evidence } = refusal
    if (evidence === 'header') {
      this.#expect(commits, objects * (this.#bytesPerObject ?? 0))
    } else if (evidence === 'own-limit') {
      const bytes = refusal.bytes * TUNING.correction
      this.#expect(commits, bytes)
      if (objects > 0) this.#bytesPerObject = Math.max(this.#bytesPerObject ?? 0, bytes / objects)
    }
  }

  #expect(commits: number, bytes: number): void {
    if (commits > 0) this.#bytesPerCommit = Math.max(this.#bytesPerCommit, bytes / commits)
  }

  get #worthTrying(): number {
    return this.limit.worthTrying(this.#left * this.#bytesPerCommit)
  }
}
