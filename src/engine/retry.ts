import { GitSyncError } from '../errors.js'
import { RefusedWantError } from '../git/packets/protocol-error.js'
import { setting, worded } from '../wording.js'
import type { DesiredRef } from './plan/select.js'
import type { SyncSpec } from './request/sync-spec.js'

const MAX_BLIND_PUSHES = 3
const MAX_UNSERVED = 1_000

/** The reasons for which a run has listed its remotes again. */
export interface Retries {
  sourceMoves: number
  blindPushes: number
  /** Source objects that were listed and twice not served. */
  unserved: ReadonlySet<string>
}

export const NO_RETRIES: Retries = { sourceMoves: 0, blindPushes: 0, unserved: new Set() }

/** Another attempt, and what to say of it. */
export interface Retry {
  retries: Retries
  notice?: string
}

/** Whether another attempt may mend what failed; undefined where it may not, or was made often enough. */
export function planRetry(
  retries: Retries,
  job: SyncSpec,
  error: GitSyncError,
  desired: ReadonlyMap<string, DesiredRef>,
): Retry | undefined {
  const { sourceMoves, blindPushes, unserved } = retries
  if (isRefusedWant(error)) {
    if (sourceMoves === 0) {
      const notice = 'the source no longer serves what it listed: listing again'
      return { retries: { ...retries, sourceMoves: 1 }, notice }
    }
    const refused = refusedIds(error, desired)
    if (!job.bestEffort || refused.length === 0 || unserved.size > MAX_UNSERVED) return undefined
    return { retries: { ...retries, unserved: new Set([...unserved, ...refused]) } }
  }
  if (error.code !== 'target_ref_moved' || !job.blind || blindPushes + 1 >= MAX_BLIND_PUSHES) return undefined
  const notice = 'another writer moved a target ref: listing and pushing again'
  return { retries: { ...retries, blindPushes: blindPushes + 1 }, notice }
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
        'It lies below a ref that was listed, and a transfer in batches needs it: a source with protocol v2 serves it.'
  const message = worded`${error.wording} ${hint}`
  return new GitSyncError('source_protocol_error', message, { cause: error, refs })
}

/** The objects that we want and that a refusal names. */
function refusedIds(error: GitSyncError, desired: ReadonlyMap<string, DesiredRef>): string[] {
  if (!(error.cause instanceof RefusedWantError)) return []
  const wanted = new Set([...desired.values()].map(({ id }) => id))
  return error.cause.ids.filter((id) => wanted.has(id))
}
