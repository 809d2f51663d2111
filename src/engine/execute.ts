import { HttpStatusError } from '../git/http-status.js'
import type { Command } from '../git/push-request.js'
import type { Context } from './execution.js'
import { LimitRefusal, limitRefusal } from './limit.js'
import { pushError, type Settled, settlePush } from './settle.js'
import { type Shipped, ship } from './ship.js'

/**
 * Carries out one push after another, each with its own fetch. The first that is not wholly done stops those that
 * follow, unless `bestEffort` made its refusals warnings.
 *
 * @throws GitSyncError; `context.execution` tells how far it came
 */
export async function executePushes(context: Context, pushes: readonly Command[][]): Promise<void> {
  for (const commands of pushes) {
    const pushed = await pushOnce(context, commands)
    keepVerdicts(context, pushed)
    const { settled, report, failure } = pushed
    const error = pushError(settled.verdicts, report, context.job.bestEffort && !failure)
    if (error) throw error.code === 'ref_rejected' && failure ? failure : error
  }
}

interface Pushed extends Shipped {
  settled: Settled
}

async function pushOnce(context: Context, commands: readonly Command[]): Promise<Pushed> {
  const wants = wantsOf(context, commands)
  try {
    const thin = wants.length > 0 && !context.remotes.target.capabilities.has('no-thin')
    const first = await attempt(context, commands, wants, thin)
    if (!(thin && isUnpackFailure(first))) return first
    context.run.emit({ type: 'notice', text: 'the target could not unpack a thin pack: sending a whole one' })
    return await attempt(context, commands, wants, false)
  } catch (error) {
    throw error instanceof LimitRefusal ? error.error : error
  }
}

/** The objects that a push brings and the target has not. */
function wantsOf({ remotes, confirmed }: Context, commands: readonly Command[]): string[] {
  const tips = new Set(remotes.target.refs.values())
  const newIds = new Set(commands.map(({ newId }) => newId))
  return [...newIds].filter((id) => id !== '' && !tips.has(id) && !confirmed.has(id))
}

async function attempt(
  context: Context,
  commands: readonly Command[],
  wants: readonly string[],
  thin: boolean,
): Promise<Pushed> {
  const shipped = await ship(context, { commands, wants, thin, limit: Number.POSITIVE_INFINITY })
  context.run.meter.enter('confirm')
  const settled = await settlePush(context.remotes.target, commands, shipped.report).catch(
    (error: unknown) => {
      throw shipped.failure ?? error
    },
  )
  const pushed = { ...shipped, settled }
  const { failure, bytes } = shipped
  if (failure?.cause instanceof HttpStatusError && nothingMoved(pushed)) {
    throw limitRefusal(failure, bytes) ?? failure
  }
  return pushed
}

/** The pack was not taken, and no ref has moved. */
function isUnpackFailure(pushed: Pushed): boolean {
  return Boolean(pushed.report?.unpackError) && nothingMoved(pushed)
}

function nothingMoved({ settled }: Pushed): boolean {
  return [...settled.verdicts.values()].every(({ type }) => type === 'refused')
}

function keepVerdicts(
  { job, plan, confirmed, execution }: Context,
  { settled, report, failure }: Pushed,
): void {
  const mayWarn = job.bestEffort && !failure && !report?.unpackError
  let done = 0
  for (const planned of plan) {
    const ref = planned.targetRef
    const verdict = settled.verdicts.get(ref)
    if (!verdict) continue
    if (verdict.type === 'done') {
      execution.settled.set(ref, planned)
      if (planned.action !== 'delete') confirmed.add(planned.sourceHash)
      done++
    } else if (verdict.type === 'refused' && mayWarn) {
      execution.settled.set(ref, { ...planned, action: 'warn', reason: verdict.reason, forced: false })
    } else {
      execution.failed.set(ref, verdict.reason)
    }
  }
  if (done > 0) execution.done++
}
