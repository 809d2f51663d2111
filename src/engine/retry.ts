import { GitSyncError } from '../errors.js'
import { RefusedWantError } from '../git/wire/protocol-error.js'
import { setting, worded } from '../wording.js'
import type { DesiredRef } from './plan/select.js'
import type { Run, SyncSpec } from './request/sync-spec.js'

const MAX_BLIND_PUSHES = 3
const MAX_UNSERVED = 1_000

/** What a run remembers of the reasons for which it listed its remotes again. */
export interface Retries {
  sourceMoves: number
  blindPushes: number
  /** Source objects that were listed and twice not served. */
  unserved: Set<string>
}

/** Counts the reasons for listing again, and says whether this one is good for another attempt. */
export function mayTryAgain(
  retries: Retries,
  run: Run,
  job: SyncSpec,
  error: GitSyncError,
  desired: ReadonlyMap<string, DesiredRef>,
): boolean {
  if (isRefusedWant(error)) {
    if (retries.sourceMoves++ === 0) {
      run.emit({ type: 'notice', text: 'the source no longer serves what it listed: listing again' })
      return true
    }
    const refused = refusedIds(error, desired)
    if (!job.bestEffort || refused.length === 0 || retries.unserved.size > MAX_UNSERVED) return false
    for (const id of refused) retries.unserved.add(id)
    return true
  }
  if (error.code === 'target_ref_moved' && job.blind && ++retries.blindPushes < MAX_BLIND_PUSHES) {
    run.emit({ type: 'notice', text: 'another writer moved a target ref: listing and pushing again' })
    return true
  }
  return false
}

export function isRefusedWant({ cause }: GitSyncError): boolean {
  return cause instanceof RefusedWantError
}

/** The error for refs that were listed twice and not served: it names them. */
export function unservedError(error: GitSyncError, desired: ReadonlyMap<string, DesiredRef>): GitSyncError {
  const ids = new Set(refusedIds(error, desired))
  const unserved = [...desired.values()].filter(({ id }) => ids.has(id))
  const reason = 'the source lists it, but does not serve it'
  const refs = unserved.map(({ targetRef }) => ({ ref: targetRef, reason }))
  const hint =
    refs.length > 0
      ? worded`It was listed twice: exclude the refs, or set ${setting('policy.bestEffort')}.`
      : // git does so over v1 where commit dates lie.
        'It lies below a ref that was listed, and a transfer in steps needs it: a source with protocol v2 serves it.'
  const message = worded`${error.wording} ${hint}`
  return new GitSyncError('source_protocol_error', message, { cause: error, refs })
}

/** The objects that we want and that a refusal names. */
function refusedIds(error: GitSyncError, desired: ReadonlyMap<string, DesiredRef>): string[] {
  if (!(error.cause instanceof RefusedWantError)) return []
  const wanted = new Set([...desired.values()].map(({ id }) => id))
  return error.cause.ids.filter((id) => wanted.has(id))
}
