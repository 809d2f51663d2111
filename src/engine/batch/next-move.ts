import type { Frontier } from './frontier.js'
import { TUNING } from './tuning.js'

/** The next move of the loop. It follows from how the last push ended, and from nothing else. */
export type Move = Advance | Shrink | Alone

interface Situation {
  /** Pushes that were refused in a row. */
  refusals: number
  /** Commits nearby differ so much in size that an estimate is checked before it is relied upon. */
  isUneven: boolean
}

/** Pushes as much as the estimate allows. */
export interface Advance extends Situation {
  type: 'advance'
  /** Packs in a row that were not pushed, as their headers had too many objects. */
  recounts: number
}

/** Pushes less than what was refused. */
export interface Shrink extends Situation {
  type: 'shrink'
  overLimit: Frontier
}

/** Pushes the least that there is to push, by a batch of its own, so that the last push is left with the refs alone. */
export interface Alone extends Situation {
  type: 'alone'
  least: Frontier
}

/** Nothing smaller can be pushed. */
export interface Stuck {
  type: 'stuck'
  because: 'connection' | 'no-commits' | 'one-commit'
}

/** A refused push, and what is known of it. */
export interface Refused {
  next: Frontier
  /** There are commits in it. */
  hasCommits: boolean
  /** It cannot be split any further. */
  isLeast: boolean
  /** As many bytes were accepted before. */
  isProven: boolean
  /** The connection broke, perhaps for another reason than the size. */
  isGuess: boolean
}

export const FIRST_MOVE: Move = { type: 'advance', refusals: 0, isUneven: false, recounts: 0 }

/** The move that follows a batch which the target accepted. */
export function moveAfterSuccess(isUneven: boolean): Move {
  return { ...FIRST_MOVE, isUneven }
}

/** The move that follows a pack which was not pushed because of its header. The estimate has been corrected by it. */
export function moveAfterRecount({ refusals, isUneven, ...last }: Move): Move {
  const recounts = last.type === 'advance' ? last.recounts + 1 : 0
  return { type: 'advance', refusals, isUneven, recounts }
}

/** Whether a move may end before the push, by what the pack's header says. */
export function mayRecount(move: Move): boolean {
  return move.type === 'advance' && move.recounts < TUNING.mostRecounts
}

/** The move that follows a refusal for its size: the same again, a smaller one, or none. */
export function moveAfterRefusal(last: Move, refused: Refused): Move | Stuck {
  const refusals = last.refusals + 1
  // A single refusal is no limit where more was accepted before.
  if (refusals === 1 && refused.isProven) return { ...last, refusals }
  if (refused.isGuess && refusals >= TUNING.mostCuts) return { type: 'stuck', because: 'connection' }
  if (!refused.hasCommits) return { type: 'stuck', because: 'no-commits' }
  const { next, isLeast } = refused
  if (!isLeast) return { type: 'shrink', overLimit: next, refusals, isUneven: true }
  // The last push brings more than commits: those may fit without the rest.
  const mayHelp = last.type !== 'alone' && next.isWhole
  if (!mayHelp) return { type: 'stuck', because: 'one-commit' }
  return { type: 'alone', least: next, refusals, isUneven: last.isUneven }
}
