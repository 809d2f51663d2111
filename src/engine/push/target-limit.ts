import type { TooLarge } from './push-outcome.js'

/** Buffers of the systems, and of proxies between, may hold this much of a refused push: it went out, and was not counted. */
const IN_FLIGHT = 8 * 1024 * 1024
/** Up to here what went out says most about the limit; beyond, the buffers count for more and more of it. */
const TELLING = 6 * 1024 * 1024
const BEYOND = 0.2
/** Share of what went out that is tried after a first refusal, and after one more. */
const FIRST_SHARE = 0.7
const NEXT_SHARE = 0.5
/** Share of what went out before a refusal from which on it is not worth asking whether the target accepts more. */
const CLOSE = 0.75
/** How far a trial goes from what is known to be accepted to what is known to be refused. */
const TRIAL = 0.4
/** A trial of so few bytes costs nothing. */
const LITTLE = 1024 * 1024
/** Of all bytes that have to be sent, those that may be lost to refusals before trials end. */
const MOST_WASTED = 0.35

/**
 * The most bytes that a target accepts in a push: exactly where it was given or named, else between the largest push that was
 * accepted and the smallest that was refused.
 */
export class TargetLimit {
  #most: number
  #isExact: boolean
  #share = FIRST_SHARE
  #proven = 0
  #sent = 0
  #wasted = 0

  private constructor(most: number, isExact: boolean) {
    this.#most = most
    this.#isExact = isExact
  }

  static given(bytes: number): TargetLimit {
    return new TargetLimit(bytes, true)
  }

  static learned(refusal: TooLarge): TargetLimit {
    const limit = new TargetLimit(refusal.bytes, refusal.evidence !== 'sent')
    limit.#wasted = refusal.bytes
    return limit
  }

  /** A larger push than this is refused. */
  get most(): number {
    return this.#most
  }

  /** Whether pushes of up to `most` are accepted, as far as is known. */
  get isExact(): boolean {
    return this.#isExact
  }

  /** Bytes of a push that are worth trying, `left` being those that are still to be sent. */
  worthTrying(left: number): number {
    if (this.#isExact) return this.#most
    const guess = this.#guess
    const safe = Math.max(this.#proven, guess)
    const trial = safe + (this.#most - safe) * TRIAL
    const isAffordable = trial < LITTLE || this.#wasted + trial <= MOST_WASTED * (this.#sent + left)
    const isUseful = this.#proven > guess * CLOSE && safe < this.#most * CLOSE
    return isUseful && isAffordable ? trial : safe
  }

  /** A push of so many bytes was accepted before. */
  isProven(bytes: number): boolean {
    return bytes < this.#proven
  }

  accepted(bytes: number): void {
    this.#sent += bytes
    this.#proven = Math.max(this.#proven, bytes)
  }

  /** Learns from a refusal, unless it was this side's own. */
  refused({ bytes, evidence }: TooLarge): void {
    if (evidence === 'header') return
    this.#wasted += bytes
    if (evidence === 'own-limit' || bytes >= this.#most) return
    this.#most = Math.max(1, bytes)
    this.#isExact = evidence === 'named'
    if (this.#proven >= this.#most) this.#proven = 0
    if (this.#proven === 0) this.#share = NEXT_SHARE
  }

  /** The part of a refused push that the target is likely to have accepted. */
  get #guess(): number {
    const beyond = Math.max(0, this.#most - TELLING)
    return Math.max((this.#most - beyond) * this.#share + beyond * BEYOND, this.#most - IN_FLIGHT)
  }
}
