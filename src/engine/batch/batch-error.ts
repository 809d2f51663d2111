import { GitSyncError } from '../../errors.js'
import { byteSize } from '../../runtime/units.js'
import { setting, worded } from '../../wording.js'
import type { Pushed } from '../push/push-error.js'
import type { TooLarge } from '../push/push-outcome.js'
import type { SyncSpec } from '../request/sync-spec.js'
import { type Frontier, newHeads } from './frontier.js'
import type { Stuck } from './next-move.js'

/** The error for a part of the history that cannot be pushed, and cannot be split. */
export function stuckError(
  { because }: Stuck,
  refusal: TooLarge,
  { from, to, limit }: { from: Frontier; to: Frontier; limit: number },
): GitSyncError {
  const { error, why } = refusal
  if (because === 'connection') return error
  const what =
    because === 'no-commits'
      ? 'What is left besides commits, tagged files for instance,'
      : `The commit ${newHeads(from, to).join(' ')} alone`
  const message = `${what} is more than the target accepts in one push (about ${byteSize(limit)}): ${why}.`
  return new GitSyncError('pack_limit_exceeded', message, { cause: error, retryable: error.retryable })
}

/** Batches need temporary refs. @throws GitSyncError where the target has refused one */
export function assertHeld({ scope }: SyncSpec, pushed: Pushed): void {
  const refused = [...pushed.outcomes].flatMap(([ref, outcome]) =>
    outcome.type === 'done' ? [] : [{ ref, reason: outcome.reason }],
  )
  const [first] = refused
  if (!first) return
  if (pushed.failure) throw pushed.failure
  const hint = worded`allow that namespace there, or choose another by ${setting('tempRefPrefix')}`
  const message = worded`The target refused a temporary ref below ${scope.tempRefPrefix} (${first.reason}): ${hint}.`
  throw new GitSyncError('ref_rejected', message, { refs: refused })
}
