import type { SyncResult } from '../../schemas/result.js'
import { GitSyncError } from '../errors.js'
import type { Command } from '../git/wire/push-request.js'
import { filterYielding, yieldToEventLoop } from '../runtime/yield.js'
import { cleanUp } from './batch/clean-up.js'
import { bringLfsObjects, LfsOutcome } from './lfs/lfs-phase.js'
import { assertPlanAllowed } from './plan/check-plan.js'
import { idleExcludes } from './plan/idle-excludes.js'
import { openRemotes } from './plan/list-remotes.js'
import { planAndProve } from './plan/plan-sync.js'
import { schedulePushes } from './plan/schedule.js'
import type { DesiredRef } from './plan/select.js'
import { continueExecution, newExecution } from './push/push-state.js'
import { executePushes } from './push-plan.js'
import {
  type MeasuredRun,
  type Planned,
  planResult,
  runResult,
  summarizePlanned,
  withProofs,
} from './report.js'
import type { SyncSpec } from './request/sync-spec.js'
import type { RunSummary } from './result.js'
import { isRefusedWant, NO_RETRIES, planRetry, type Retries, unservedError } from './retry.js'
import type { RunContext } from './run/run-context.js'
import { MemoryMeter } from './run/stats.js'

/**
 * A plan, sync or replicate, from listing to result. A ref that moves after it was listed sends the run back to its
 * start: both remotes are listed again, and selection, plan, proofs and checks are repeated.
 *
 * @throws GitSyncError; from the plan on with a `result` that says what the target confirmed
 */
export async function runSync(run: RunContext, job: SyncSpec): Promise<SyncResult> {
  const memoryMeter = new MemoryMeter(job.measureMemory)
  const measured = { run, job, started: performance.now(), memoryMeter, lfs: new LfsOutcome() }
  let carried: Carryover = { retries: NO_RETRIES, latest: undefined }
  try {
    for (;;) {
      const ended = await attempt(measured, carried)
      if (ended.type === 'done') return ended.result
      carried = ended.carried
    }
  } finally {
    memoryMeter.close()
  }
}

/** State that one attempt of a run leaves to the next. */
interface Carryover {
  retries: Retries
  /** The latest plan, and how far it was carried out. */
  latest: Planned | undefined
}

/** How an attempt ended, unless it failed for good. */
type Attempt = { type: 'done'; result: SyncResult } | { type: 'again'; carried: Carryover }

const NO_REFS: ReadonlyMap<string, DesiredRef> = new Map()

/** From one listing to its result, or to the need for another. */
async function attempt(measured: MeasuredRun, carried: Carryover): Promise<Attempt> {
  const { run, job } = measured
  let { latest } = carried
  let desired = NO_REFS
  try {
    const remotes = await openRemotes(run, job)
    desired = remotes.desired
    const completed = carried.latest?.execution.completed ?? new Map()
    const provisional = await planAndProve(run, job, remotes, {
      completed,
      unserved: carried.retries.unserved,
    })
    const execution = await (carried.latest
      ? continueExecution(carried.latest.execution)
      : newExecution(job.materialize === 'always'))
    const planned = { remotes, provisional, execution }
    latest = planned
    await yieldToEventLoop()
    await warnOfIdleExcludes(measured, planned)
    const pushes = await schedulePending(measured, planned)
    const summary = await summarizePlanned(measured, planned, pushes)
    announce(run, summary, planned)
    await yieldToEventLoop()
    const lfs = { run, job, remotes, plan: provisional.plan, outcome: measured.lfs }
    if (job.dryRun) {
      await bringLfsObjects(lfs)
      return { type: 'done', result: await planResult(measured, summary, provisional.plan) }
    }
    await checkPlan(measured, planned, summary, pushes)
    await bringLfsObjects(lfs)
    const { plan, tips } = provisional
    const context = { run, job, remotes, plan, tips, confirmed: new Set<string>(), execution }
    await executePushes(context, pushes)
    await cleanUp(context)
    return { type: 'done', result: await runResult(measured, await withProofs(planned)) }
  } catch (error) {
    if (!(error instanceof GitSyncError)) throw error
    latest &&= await withProofs(latest)
    const retry = planRetry(carried.retries, job, error, desired)
    if (!retry) throw await finalError(measured, error, desired, latest)
    if (retry.notice) run.emit({ type: 'notice', text: retry.notice })
    return { type: 'again', carried: { retries: retry.retries, latest } }
  }
}

/** The error of a run, with the result up to there. */
async function finalError(
  measured: MeasuredRun,
  error: GitSyncError,
  desired: ReadonlyMap<string, DesiredRef>,
  latest: Planned | undefined,
): Promise<GitSyncError> {
  const final = isRefusedWant(error) ? unservedError(error, desired) : error
  if (latest) final.result ??= await runResult(measured, latest, final.message)
  return final
}

async function warnOfIdleExcludes(
  { run, job }: MeasuredRun,
  { remotes, provisional }: Planned,
): Promise<void> {
  const { source, target } = remotes
  if (job.scope.excludes.length === 0 || !provisional.plan.some(({ action }) => action === 'delete')) return
  const texts = await idleExcludes(job.scope, [target.refs, source.refs], run.signal)
  for (const text of texts) run.emit({ type: 'notice', text })
}

/** The pushes of what is not completed yet; none where refs are blocked. */
async function schedulePending(
  { run, job }: MeasuredRun,
  { remotes, provisional: { plan }, execution }: Planned,
): Promise<Command[][]> {
  const { signal } = run
  const pending = await filterYielding(plan, ({ targetRef }) => !execution.completed.has(targetRef), {
    signal,
  })
  const isBlocked = plan.some(({ action }) => action === 'block')
  const pushes = isBlocked
    ? []
    : await schedulePushes(pending, remotes.source.head, job.maxRefUpdates, signal)
  execution.planned = execution.done + pushes.length
  return pushes
}

function announce(run: RunContext, { plan, execution }: RunSummary, { provisional }: Planned): void {
  const { digest: _, forced, ...counts } = plan
  run.emit({
    type: 'planned',
    ...counts,
    ...(provisional.proofs === undefined ? { forced } : {}),
    transferMode: execution.transferMode,
  })
}

/** An error that stops a plan before anything was sent carries the plan, just as `/plan` gives it: with its proofs. */
async function checkPlan(
  measured: MeasuredRun,
  planned: Planned,
  summary: RunSummary,
  pushes: readonly Command[][],
): Promise<void> {
  const { run, job } = measured
  const { remotes, provisional, execution } = planned
  const scheduled = { plan: provisional.plan, summary: summary.plan, pushes: pushes.length }
  try {
    await assertPlanAllowed(job, scheduled, remotes.target, run.signal)
  } catch (error) {
    if (error instanceof GitSyncError && execution.done === 0) {
      const proven = await withProofs(planned)
      error.result = await planResult(
        measured,
        await summarizePlanned(measured, proven, pushes),
        proven.provisional.plan,
      )
    }
    throw error
  }
}
