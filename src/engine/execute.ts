import { GitSyncError } from '../errors.js'
import type { Command } from '../git/push-request.js'
import { eachInTurns } from '../git/turns.js'
import { pushInSteps, whyNoSteps } from './batch/push-in-steps.js'
import type { Context } from './execution.js'
import { learnHaves } from './learn-haves.js'
import { pushAndVerify } from './push-attempt.js'
import { isOrderly, type Pushed, pushError } from './push-error.js'
import type { TooLarge } from './push-outcome.js'
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
    await keepOutcomes(context, pushed)
    const error = pushError(pushed, context.job.bestEffort)
    if (error) throw error
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
    const limit = told || execution.learnedLimit
    return pushInSteps(context, { commands, wants, limit, refusal: undefined })
  }
  const pushed = await pushAndVerify(context, { commands, wants, limit: told || Number.POSITIVE_INFINITY })
  if (pushed.type === 'pushed') return pushed
  if (whyNot) throw impossible(pushed, whyNot)
  execution.learnedLimit = pushed.bytes
  return pushInSteps(context, { commands, wants, limit: pushed.bytes, refusal: pushed })
}

function impossible({ why, error }: TooLarge, whyNot: string): GitSyncError {
  const { code, retryable } = error
  return new GitSyncError(code, `${error.message} Steps would help (${why}), but ${whyNot}.`, {
    cause: error,
    retryable,
  })
}

async function keepOutcomes({ job, plan, confirmed, execution }: Context, pushed: Pushed): Promise<void> {
  const mayWarn = job.bestEffort && isOrderly(pushed)
  let done = 0
  await eachInTurns(plan, (planned) => {
    const ref = planned.targetRef
    const outcome = pushed.outcomes.get(ref)
    if (!outcome) return
    if (outcome.type === 'done') {
      execution.settled.set(ref, planned)
      if (planned.action !== 'delete') confirmed.add(planned.sourceHash)
      done++
    } else if (outcome.type === 'refused' && mayWarn) {
      const { forced: _, ...rest } = planned
      execution.settled.set(ref, { ...rest, action: 'warn', reason: outcome.reason })
    } else {
      execution.failed.set(ref, outcome.reason)
    }
  })
  if (done > 0) execution.done++
}
