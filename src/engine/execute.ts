import { GitSyncError } from '../errors.js'
import type { Command } from '../git/push-request.js'
import { eachInTurns } from '../git/turns.js'
import { pushInSteps, whyNoSteps } from './batch/push-in-steps.js'
import type { Context } from './execution.js'
import { learnHaves } from './learn-haves.js'
import { LimitRefusal } from './limit.js'
import { type Pushed, pushAttempt } from './push-attempt.js'
import { pushError } from './settle.js'
import { newObjects } from './wants.js'

/**
 * Carries out one push after another, each with its own fetch. The first that is not wholly done stops those that
 * follow, unless `bestEffort` made its refusals warnings.
 *
 * @throws GitSyncError; `context.execution` tells how far it came
 */
export async function executePushes(context: Context, pushes: readonly Command[][]): Promise<void> {
  if (pushes.length > 0) await learnHaves(context)
  for (const commands of pushes) {
    const pushed = await pushRefs(context, commands)
    await keepVerdicts(context, pushed)
    const { verdicts, report, failure } = pushed
    const error = pushError(verdicts, report, context.job.bestEffort && !failure)
    if (error) throw error.code === 'ref_rejected' && failure ? failure : error
  }
}

/** In one go, or in steps where the target takes only so much at a time. */
async function pushRefs(context: Context, commands: readonly Command[]): Promise<Pushed> {
  const { run, job, remotes, confirmed, execution } = context
  const fresh = await newObjects(commands, remotes.target.refs, run.signal)
  const wants = fresh.filter((id) => !confirmed.has(id))
  const whyNot = whyNoSteps(context)
  const told = job.targetMaxPackBytes
  if (wants.length > 0 && !whyNot && (told > 0 || execution.batched)) {
    return pushInSteps(context, {
      commands,
      wants,
      limit: told || execution.learnedLimit,
      refusal: undefined,
    })
  }
  try {
    return await pushAttempt(context, { commands, wants, limit: told || Number.POSITIVE_INFINITY })
  } catch (error) {
    if (!(error instanceof LimitRefusal)) throw error
    if (whyNot) throw impossible(error, whyNot)
    execution.learnedLimit = error.bytes
    return pushInSteps(context, { commands, wants, limit: error.bytes, refusal: error })
  }
}

function impossible({ why, error }: LimitRefusal, whyNot: string): GitSyncError {
  const { code, retryable } = error
  return new GitSyncError(code, `${error.message} Steps would help (${why}), but ${whyNot}.`, {
    cause: error,
    retryable,
  })
}

async function keepVerdicts(
  { job, plan, confirmed, execution }: Context,
  { verdicts, report, failure }: Pushed,
): Promise<void> {
  const mayWarn = job.bestEffort && !failure && !report?.unpackError
  let done = 0
  await eachInTurns(plan, (planned) => {
    const ref = planned.targetRef
    const verdict = verdicts.get(ref)
    if (!verdict) return
    if (verdict.type === 'done') {
      execution.settled.set(ref, planned)
      if (planned.action !== 'delete') confirmed.add(planned.sourceHash)
      done++
    } else if (verdict.type === 'refused' && mayWarn) {
      const { forced: _, ...rest } = planned
      execution.settled.set(ref, { ...rest, action: 'warn', reason: verdict.reason })
    } else {
      execution.failed.set(ref, verdict.reason)
    }
  })
  if (done > 0) execution.done++
}
