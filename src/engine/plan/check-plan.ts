import type { PlanSummary } from '../../../schemas/result.js'
import { GitSyncError } from '../../errors.js'
import type { ReceivePack } from '../../git/receive-pack.js'
import { counted } from '../../runtime/units.js'
import { filterYielding } from '../../runtime/yield.js'
import { setting, worded } from '../../wording.js'
import type { SyncSpec } from '../request/sync-spec.js'
import type { PlannedRef } from './plan-refs.js'
import { reusesFreedNames } from './schedule.js'

/** A plan, its summary, and the number of its pushes. */
export interface ScheduledPlan {
  plan: readonly PlannedRef[]
  summary: PlanSummary
  pushes: number
}

/**
 * Stops a plan that may not run, before anything is sent.
 *
 * @throws GitSyncError `plan_changed`, `blocked_refs`, `plan_refused`, or `unsupported` for what the target cannot do
 */
export async function assertPlanAllowed(
  job: SyncSpec,
  { plan, summary, pushes }: ScheduledPlan,
  target: ReceivePack,
  signal: AbortSignal,
): Promise<void> {
  if (job.expectedPlan !== undefined && job.expectedPlan !== summary.digest) {
    throw new GitSyncError(
      'plan_changed',
      `The plan is now ${summary.digest}, not the expected one. Plan again.`,
    )
  }
  if (job.bootstrap) await guardBootstrap(plan, signal)
  if (summary.block > 0) {
    const blocked = await filterYielding(plan, ({ action }) => action === 'block', { signal })
    const refs = blocked.map(({ targetRef, reason }) => ({ ref: targetRef, reason }))
    // Overwriting does not help where another name is in the way.
    const isOverwrite = blocked.every(({ targetHash }) => targetHash !== '')
    const what = isOverwrite ? 'of the target would be overwritten' : 'cannot be written'
    const remedy = worded`${setting('policy.force')} or ${setting('replicate')} would overwrite them`
    const hint = isOverwrite ? remedy : `first ${refs[0]?.ref}`
    throw new GitSyncError(
      'blocked_refs',
      worded`${counted(blocked.length, 'ref')} ${what}: nothing was pushed; ${hint}.`,
      { refs },
    )
  }
  guardLimit('maxDeletes', job.maxDeletes, summary.delete, 'delete')
  guardLimit('maxForced', job.maxForced, summary.forced, 'overwrite')
  const { capabilities } = target
  if (job.atomic) await guardAtomic(plan, target, pushes, signal)
  if (job.pushOptions.length > 0 && !capabilities.has('push-options')) {
    const message = worded`The target does not accept push options; drop ${setting('options.pushOptions')}.`
    throw new GitSyncError('unsupported', message)
  }
  if (summary.delete > 0 && !capabilities.has('delete-refs')) {
    const message = worded`The target cannot delete refs; drop ${setting('policy.prune')}.`
    throw new GitSyncError('unsupported', message)
  }
}

async function guardBootstrap(plan: readonly PlannedRef[], signal: AbortSignal): Promise<void> {
  const isPresent = ({ sourceRef, targetHash }: PlannedRef) => sourceRef !== '' && targetHash !== ''
  const present = await filterYielding(plan, isPresent, { signal })
  if (present.length === 0) return
  const refs = present.map(({ targetRef, targetHash }) => ({
    ref: targetRef,
    reason: `the target has it already, at ${targetHash}`,
  }))
  const remedy = setting('scope.excludeRefs')
  const hint = worded`nothing was pushed; sync goes on from what is there, and ${remedy} leaves refs out`
  const message = worded`The target already has ${counted(present.length, 'ref')} of those to bring, such as ${refs[0]?.ref ?? ''}: ${hint}.`
  throw new GitSyncError('plan_refused', message, { refs })
}

async function guardAtomic(
  plan: readonly PlannedRef[],
  target: ReceivePack,
  pushes: number,
  signal: AbortSignal,
): Promise<void> {
  const atomic = setting('policy.atomic')
  if (!target.capabilities.has('atomic')) {
    throw new GitSyncError('unsupported', worded`The target cannot do atomic pushes; drop ${atomic}.`)
  }
  if (pushes > 1) {
    const hint = worded`drop ${atomic} or raise ${setting('options.targetMaxRefUpdates')}`
    throw new GitSyncError('unsupported', worded`One push cannot hold all refs of the plan: ${hint}.`)
  }
  if (await reusesFreedNames(plan, signal)) {
    const hint = worded`git cannot delete a and create a/b in one atomic push; drop ${atomic}`
    throw new GitSyncError('unsupported', worded`A new ref needs the name of a deleted one: ${hint}.`)
  }
}

function guardLimit(
  name: 'maxDeletes' | 'maxForced',
  limit: number | undefined,
  planned: number,
  verb: string,
): void {
  if (limit === undefined || planned <= limit) return
  const guard = setting(`policy.${name}`)
  const message = worded`The plan would ${verb} ${counted(planned, 'ref')}, but ${guard} allows ${limit}. Nothing was pushed.`
  throw new GitSyncError('plan_refused', message)
}
