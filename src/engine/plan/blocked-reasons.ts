import type { RefKind } from '../../../schemas/result.js'
import { type Names, optionNames, setting, worded } from '../../wording.js'

/** The reasons why a ref of a kind cannot be fast-forwarded. */
export const DIFFERENCES: Record<RefKind, string> = {
  // The source cannot tell which, where it lacks the target's commits.
  branch: 'the branch has diverged, or the target is ahead of the source',
  tag: 'the target has another object for this tag',
  other: 'the target has another object for this ref',
}

const KINDS = ['branch', 'tag', 'other'] as const

const BLOCKED = KINDS.map((kind) => {
  const wording = worded`${DIFFERENCES[kind]}; ${setting('policy.force')} would overwrite it`
  // A result is a document, and names settings by their JSON paths.
  return { kind, wording, reason: wording.in(optionNames) }
})

/** Why a ref is blocked that a setting would let be overwritten, as a result says it. */
export function blockedReason(kind: RefKind): string {
  return BLOCKED.find((blocked) => blocked.kind === kind)?.reason ?? ''
}

/** A reason of a result as a surface words it. What names no setting, a remote's words too, stays as it is. */
export function reasonIn(names: Names, reason: string): string {
  return BLOCKED.find((blocked) => blocked.reason === reason)?.wording.in(names) ?? reason
}
