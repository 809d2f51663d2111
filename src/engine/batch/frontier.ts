/** How far a transfer has come along a history: a part that is closed under ancestry, known by its heads. */
export interface Frontier {
  readonly headIds: readonly string[]
  /** How much it holds, in the unit that the history is counted in: commits, or the depths at which they lie. */
  readonly end: number
  readonly remaining: number
  readonly isWhole: boolean
  /** The frontier about that much further on, by at least one. */
  advance(amount: number): Promise<Frontier>
  /** A frontier between this one and `next`, about in the middle; undefined where there is none. */
  halfwayTo(next: Frontier): Promise<Frontier | undefined>
}

/** The heads of `to` that `from` lacks. */
export function newHeads(from: Frontier, to: Frontier): string[] {
  const held = new Set(from.headIds)
  return to.headIds.filter((id) => !held.has(id))
}
