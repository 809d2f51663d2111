import { GitSyncError } from '../errors.js'
import { isAboutOneRef } from '../git/http/refusals/refusal-words.js'
import type { Command } from '../git/wire/push-request.js'
import { forEachYielding } from '../runtime/yield.js'
import { worded } from '../wording.js'
import { pushInBatches, whyNoBatches } from './batch/push-in-batches.js'
import type { PlannedRef } from './plan/plan-refs.js'
import { learnHaves } from './push/learn-haves.js'
import { pushAndVerify } from './push/push-attempt.js'
import { isOrderly, type Pushed, pushError, refusedRefs } from './push/push-error.js'
import type { TooLarge } from './push/push-outcome.js'
import type { Context } from './push/push-state.js'
import { inChunks, MAX_SMALLER_PUSHES, smallerPushes } from './push/smaller-pushes.js'
import { TargetLimit } from './push/target-limit.js'
import { newObjects } from './push/wants.js'

/**
 * Carries out one push after another, each with its own fetch. The first that is not wholly done stops those that
 * follow, unless `bestEffort` made its refusals warnings.
 *
 * @throws GitSyncError; `context.execution` shows how far it came
 */
export async function executePushes(context: Context, pushes: readonly Command[][]): Promise<void> {
  if (pushes.length > 0) await learnHaves(context)
  const splitting: Splitting = { mostRefs: Number.POSITIVE_INFINITY, pushesLeft: MAX_SMALLER_PUSHES }
  for (const commands of pushes) await pushApart(context, commands, splitting)
  if (context.job.bestEffort) refuseFruitless(context)
}

/** Knowledge of a run about pushes that were refused as a whole. */
interface Splitting {
  /** Refs that the target accepts in one push. */
  mostRefs: number
  /** How many more may be made of refused ones to find the refs that the target accepts. */
  pushesLeft: number
}

/** One push, or smaller ones in its place where the target accepts nothing of it: the larger ones first. */
async function pushApart(
  context: Context,
  commands: readonly Command[],
  splitting: Splitting,
): Promise<void> {
  const { run, job, execution } = context
  const queue = inChunks(commands, splitting.mostRefs)
  execution.planned += queue.length - 1
  for (let next = queue.shift(); next; next = queue.shift()) {
    const pushed = await pushRefs(context, next)
    const smaller = job.atomic ? [] : smallerPushes(next, pushed, job.bestEffort)
    const isByNumber = pushed.refusal?.cause === 'ref-count'
    if (smaller.length === 0 || (!isByNumber && smaller.length > splitting.pushesLeft)) {
      await recordOutcomes(context, pushed)
      const error = pushError(pushed, job.bestEffort)
      if (error) throw error
      continue
    }
    run.emit({ type: 'notice', text: smallerText(next, smaller, pushed) })
    if (isByNumber) splitting.mostRefs = Math.max(...smaller.map(({ length }) => length))
    else splitting.pushesLeft -= smaller.length
    execution.planned += smaller.length - 1
    const again = new Set(smaller.flat().map(({ ref }) => ref))
    const final = [...pushed.outcomes].filter(([ref]) => !again.has(ref))
    await recordOutcomes(context, { ...pushed, outcomes: new Map(final) })
    queue.push(...smaller)
  }
}

function smallerText(
  commands: readonly Command[],
  smaller: readonly Command[][],
  { refusal }: Pushed,
): string {
  const why = refusal ? ` (${refusal.line})` : ''
  return `the target refused ${commands.length} refs in one push${why}: trying ${smaller.length} smaller ones`
}

/** One push, or batches where the target limits the size of one. */
async function pushRefs(context: Context, commands: readonly Command[]): Promise<Pushed> {
  const { run, job, remotes, confirmed, execution } = context
  const fresh = await newObjects(commands, remotes.target.refs, run.signal)
  const wants = fresh.filter((id) => !confirmed.has(id))
  const whyNot = whyNoBatches(context)
  const given = job.targetMaxPackBytes
  if (wants.length > 0 && !whyNot && (given > 0 || execution.batched)) {
    execution.targetLimit ??= TargetLimit.given(given)
    return pushInBatches(context, { commands, wants, limit: execution.targetLimit, refusal: undefined })
  }
  const pushed = await pushAndVerify(context, { commands, wants, limit: given || Number.POSITIVE_INFINITY })
  if (pushed.type === 'pushed') return pushed
  if (whyNot) throw impossible(pushed, whyNot)
  execution.targetLimit = TargetLimit.learned(pushed)
  return pushInBatches(context, { commands, wants, limit: execution.targetLimit, refusal: pushed })
}

function impossible({ why, error }: TooLarge, whyNot: string): GitSyncError {
  const { code, retryable } = error
  return new GitSyncError(code, worded`${error.wording} Batches would help (${why}), but ${whyNot}.`, {
    cause: error,
    retryable,
  })
}

async function recordOutcomes({ job, plan, confirmed, execution }: Context, pushed: Pushed): Promise<void> {
  const mayWarn = job.bestEffort && isOrderly(pushed)
  let done = 0
  await forEachYielding(plan, (planned) => {
    const ref = planned.targetRef
    const outcome = pushed.outcomes.get(ref)
    if (!outcome) return
    if (outcome.type === 'done') {
      execution.completed.set(ref, planned)
      if (planned.action !== 'delete') confirmed.add(planned.sourceHash)
      done++
    } else if (outcome.type === 'refused' && mayWarn) {
      const { forced: _, ...rest } = planned
      execution.completed.set(ref, { ...rest, action: 'warn', reason: outcome.reason })
    } else {
      execution.failed.set(ref, outcome.reason)
    }
  })
  if (done > 0) execution.done++
}

/**
 * Refusals are warnings alongside what has moved, or is in place. Where nothing has moved a run has failed, unless only
 * refs were refused that the target refuses for themselves, or that are neither branches nor tags, and the mirror
 * stands without them.
 */
function refuseFruitless({ plan, execution }: Context): void {
  const { completed, failed } = execution
  const refused = [...completed.values()].filter(({ action }) => action === 'warn')
  if (refused.length === 0 || refused.length < completed.size) return
  const isInPlace = plan.some(({ action }) => action === 'skip')
  if (isInPlace && !refused.some(isMissed)) return
  for (const { targetRef, reason } of refused) {
    completed.delete(targetRef)
    failed.set(targetRef, reason)
  }
  const refs = refused.map(({ targetRef, reason }) => ({ ref: targetRef, reason }))
  throw refusedRefs(refs, undefined, true)
}

function isMissed({ kind, sourceHash, reason }: PlannedRef): boolean {
  return kind !== 'other' && sourceHash !== '' && !isAboutOneRef(reason)
}
