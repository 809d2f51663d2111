/** How far a transfer has come along a history: a part of it that is closed under ancestry, told by its heads. */
export interface Frontier {
  readonly headIds: readonly string[]
  /** How much it holds, in what the history is counted in: commits, or the depths at which they lie. */
  readonly end: number
  readonly remaining: number
  readonly isWhole: boolean
  /** The prefix about that much further on, at least by one. */
  advance(amount: number): Promise<Frontier>
  /** A prefix between this one and `next`, about in the middle; undefined where there is none. */
  halfwayTo(next: Frontier): Promise<Frontier | undefined>
}

/** What one prefix has to be brought beyond another. */
export function newHeads(from: Frontier, to: Frontier): string[] {
  const held = new Set(from.headIds)
  return to.headIds.filter((id) => !held.has(id))
}
