import type { RefProblem } from '../../../schemas/problem.js'
import { GitSyncError } from '../../errors.js'
import type { Refusal } from '../../git/http/refusals/refusal-words.js'
import type { PushReport } from '../../git/wire/push-report.js'
import { setting, worded } from '../../wording.js'
import type { RefOutcome } from './ref-outcomes.js'

/** A push whose outcome is known as far as it can be. */
export interface Pushed {
  type: 'pushed'
  outcomes: Map<string, RefOutcome>
  report: PushReport | undefined
  /** Why the target refused, as far as its words tell. */
  refusal: Refusal | undefined
  /** The error that broke the push after its commit point. */
  failure: GitSyncError | undefined
  /** Bytes of its pack that went out. */
  bytes: number
}

/** Whether the target moved none of the refs, nor anybody else. */
export function nothingMoved(outcomes: ReadonlyMap<string, RefOutcome>): boolean {
  return [...outcomes.values()].every(({ type }) => type === 'refused')
}

/** Whether refusals of refs are what this push ended in, and not a failure of the push itself. */
export function isOrderly({ failure, report }: Pick<Pushed, 'failure' | 'report'>): boolean {
  return failure === undefined && report?.unpack.ok === true
}

/** The error for a push that did not do all, or undefined. A lease miss outweighs all else. */
export function pushError(pushed: Omit<Pushed, 'type'>, bestEffort: boolean): GitSyncError | undefined {
  const { outcomes, report, failure } = pushed
  const of = (type: RefOutcome['type']): RefProblem[] =>
    [...outcomes].flatMap(([ref, outcome]) =>
      outcome.type === type && outcome.type !== 'done' ? [{ ref, reason: outcome.reason }] : [],
    )
  const moved = of('moved')
  if (moved.length > 0) {
    const hint = 'run again to plan with what is there now'
    const message = `Another writer moved ${list(moved)} during the run: ${hint}.`
    return new GitSyncError('target_ref_moved', message, { refs: moved })
  }
  const [unknown, refused] = [of('unknown'), of('refused')]
  if (unknown.length > 0) return unknownOutcome(unknown, failure)
  if (refused.length > 0 && report?.unpack.ok === false) {
    return unpackError(report.unpack.reason, refused, pushed)
  }
  if (refused.length === 0 || (bestEffort && isOrderly(pushed))) return undefined
  return failure ?? refusedRefs(refused, pushed.refusal, bestEffort)
}

/** The error for refs that the target refused. */
export function refusedRefs(
  refs: RefProblem[],
  refusal: Refusal | undefined,
  bestEffort: boolean,
): GitSyncError {
  if (refusal?.cause === 'lfs-objects') {
    const lfs = setting('policy.lfs')
    const hint = worded`set ${lfs} to "new" to mirror them, or to "all" to repair an older mirror too`
    const message = worded`The target refused ${list(refs)}, as it lacks LFS objects (${refusal.line}): ${hint}.`
    return new GitSyncError('lfs_unsupported', message, { refs })
  }
  const lenient = bestEffort
    ? 'change its rules or the scope'
    : worded`change its rules, leave the ref out, or set ${setting('policy.bestEffort')}`
  const hint =
    refusal?.cause === 'ref-count'
      ? worded`it accepts fewer refs in one push (${refusal.line}): set ${setting('options.targetMaxRefUpdates')}`
      : refusal?.cause === 'pack-size'
        ? worded`it accepts fewer bytes in one push (${refusal.line}): set ${setting('options.targetMaxPackBytes')}`
        : lenient
  return new GitSyncError('ref_rejected', worded`The target refused ${list(refs)}: ${hint}.`, { refs })
}

function unknownOutcome(refs: RefProblem[], failure: GitSyncError | undefined): GitSyncError {
  const what = `Whether the target moved ${refs.length === 1 ? refs[0]?.ref : `the ${refs.length} refs of this push`} is unknown`
  const message = `${what}, as its refs could not be listed afterwards: run again, which finds out.`
  const said = failure ? worded`${failure.wording} ${message}` : message
  return new GitSyncError(failure?.code ?? 'target_unavailable', said, {
    refs,
    retryable: true,
    ...(failure ? { cause: failure } : {}),
    ...(failure?.retryAfter === undefined ? {} : { retryAfter: failure.retryAfter }),
  })
}

function unpackError(
  said: string,
  refs: RefProblem[],
  { refusal, bytes }: Pick<Pushed, 'refusal' | 'bytes'>,
) {
  const why = refusal && refusal.line !== said ? ` (${refusal.line})` : ''
  const limit = setting('options.targetMaxPackBytes')
  const hint = refusal || bytes < 1024 * 1024 ? '' : worded` If it limits the size of a push, set ${limit}.`
  const message = worded`The target could not unpack what it got: ${said}${why}.${hint}`
  return new GitSyncError('target_protocol_error', message, { refs })
}

function list(refs: readonly RefProblem[]): string {
  const [first] = refs
  const more = refs.length > 1 ? ` and ${refs.length - 1} more` : ''
  return `${first?.ref} (${first?.reason})${more}`
}
