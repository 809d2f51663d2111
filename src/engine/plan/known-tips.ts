/**
 * Which of the target's tips the source has, as far as the proofs of a run have shown. It may be asked while they are
 * under way.
 */
export class KnownTips {
  readonly #known = new Map<string, boolean>()
  readonly #waiting = new Map<string, () => void>()
  #isComplete = false

  learn(id: string, isKnown: boolean): void {
    this.#known.set(id, isKnown)
    this.#waiting.get(id)?.()
  }

  /** No proof is left that could say more. */
  complete(): void {
    this.#isComplete = true
    for (const resolve of this.#waiting.values()) resolve()
  }

  /** Resolves once a proof has shown it; with undefined where none does. */
  async isKnown(id: string): Promise<boolean | undefined> {
    if (!this.#isComplete && !this.#known.has(id)) {
      await new Promise<void>((resolve) => {
        const earlier = this.#waiting.get(id)
        this.#waiting.set(id, () => {
          earlier?.()
          resolve()
        })
      })
    }
    return this.#known.get(id)
  }
}
