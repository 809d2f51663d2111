import type { SyncResult } from '../../schemas/result.js'
import { GitSyncError } from '../errors.js'
import type { Command } from '../git/wire/push-request.js'
import { filterInTurns, forEachYielding, yieldToEventLoop } from '../runtime/yield.js'
import { cleanUp } from './batch/clean-up.js'
import { bringLfsObjects, LfsOutcome } from './lfs/lfs-phase.js'
import { assertPlanAllowed } from './plan/check-plan.js'
import { idleExcludes } from './plan/idle-excludes.js'
import { openRemotes, type Remotes } from './plan/list-remotes.js'
import type { PlannedRef } from './plan/plan-refs.js'
import { type ProvisionalPlan, planAndProve } from './plan/plan-sync.js'
import { schedulePushes } from './plan/schedule.js'
import type { DesiredRef } from './plan/select.js'
import { type Execution, newExecution } from './push/push-state.js'
import { bringsObjects } from './push/wants.js'
import { executePushes } from './push-plan.js'
import type { Run, SyncSpec } from './request/sync-spec.js'
import { buildResult, type RunSummary, summarizeRun, withOutcomes } from './result.js'
import { isRefusedWant, mayTryAgain, type Retries, unservedError } from './retry.js'
import { collectStats, MemoryMeter } from './run/stats.js'

/**
 * A plan, sync or replicate, from listing to result. What a listing cannot know, a ref that moves meanwhile, sends
 * the run back to its start: both remotes are listed again, and selected, planned, proven and guarded anew.
 *
 * @throws GitSyncError; from the plan on with a `result` that says what the target confirmed
 */
export async function runSync(run: Run, job: SyncSpec): Promise<SyncResult> {
  const state = newState(run, job)
  try {
    for (;;) {
      const ended = await attempt(state)
      if (ended.type === 'done') return ended.result
    }
  } finally {
    state.memory.close()
  }
}

/** What a run remembers from attempt to attempt. */
interface State {
  run: Run
  job: SyncSpec
  started: number
  memory: MemoryMeter
  execution: Execution
  lfs: LfsOutcome
  retries: Retries
  /** What the latest listing of the source asks for. */
  desired: ReadonlyMap<string, DesiredRef>
  /** The latest plan, and the listings that it was made of. */
  latest: { remotes: Remotes; draft: ProvisionalPlan } | undefined
}

function newState(run: Run, job: SyncSpec): State {
  return {
    run,
    job,
    started: performance.now(),
    memory: new MemoryMeter(job.measureMemory),
    execution: newExecution(job.materialize === 'always'),
    lfs: new LfsOutcome(),
    retries: { sourceMoves: 0, blindPushes: 0, unserved: new Set() },
    desired: new Map(),
    latest: undefined,
  }
}

/** How an attempt ended that has not failed. */
type Attempt = { type: 'done'; result: SyncResult } | { type: 'again' }

/** From one listing to its result, or to the need for another. */
async function attempt(state: State): Promise<Attempt> {
  const { run, job, execution, retries } = state
  try {
    const remotes = await openRemotes(run, job)
    state.desired = remotes.desired
    const memory = { settled: await copyOf(execution.settled), unserved: retries.unserved }
    const draft = await planAndProve(run, job, remotes, memory)
    state.latest = { remotes, draft }
    await yieldToEventLoop()
    await warnOfIdleExcludes(state, remotes, draft.plan)
    const pushes = await layOut(state, remotes, draft.plan)
    const outline = await outlinePlan(state, remotes, draft.plan, pushes)
    announce(run, outline, draft)
    await yieldToEventLoop()
    const lfs = { run, job, remotes, plan: draft.plan, outcome: state.lfs }
    if (job.dryRun) {
      await bringLfsObjects(lfs)
      return { type: 'done', result: await resultOf(state, outline, draft.plan) }
    }
    await guard(state, remotes, draft, outline, pushes)
    await bringLfsObjects(lfs)
    const context = {
      run,
      job,
      remotes,
      plan: draft.plan,
      tips: draft.tips,
      confirmed: new Set<string>(),
      execution,
    }
    await executePushes(context, pushes)
    await cleanUp(context)
    return { type: 'done', result: await runResult(state, remotes, await withProofs(execution, draft)) }
  } catch (error) {
    if (!(error instanceof GitSyncError)) throw error
    return afterFailure(state, error)
  }
}

/** Asks for another attempt where that may mend things; else throws, with what the run has come to. */
async function afterFailure(state: State, error: GitSyncError): Promise<Attempt> {
  const { run, job, retries, desired, latest, execution } = state
  const plan = latest && (await withProofs(execution, latest.draft))
  if (mayTryAgain(retries, run, job, error, desired)) return { type: 'again' }
  const final = isRefusedWant(error) ? unservedError(error, desired) : error
  if (latest && plan) final.result ??= await runResult(state, latest.remotes, plan, final.message)
  throw final
}

async function warnOfIdleExcludes(
  { run, job }: State,
  { source, target }: Remotes,
  plan: readonly PlannedRef[],
): Promise<void> {
  if (job.scope.excludes.length === 0 || !plan.some(({ action }) => action === 'delete')) return
  const texts = await idleExcludes(job.scope, [target.refs, source.refs], run.signal)
  for (const text of texts) run.emit({ type: 'notice', text })
}

/** The pushes of what is not settled yet; none where refs are blocked. */
async function layOut(
  { run, job, execution }: State,
  { source }: Remotes,
  plan: readonly PlannedRef[],
): Promise<Command[][]> {
  execution.failed.clear()
  const { signal } = run
  const pending = await filterInTurns(plan, ({ targetRef }) => !execution.settled.has(targetRef), { signal })
  const isBlocked = plan.some(({ action }) => action === 'block')
  const pushes = isBlocked ? [] : await schedulePushes(pending, source.head, job.maxRefUpdates, signal)
  execution.planned = execution.done + pushes.length
  return pushes
}

function announce(run: Run, { plan, execution }: RunSummary, { proofs }: ProvisionalPlan): void {
  const { digest: _, forced, ...counts } = plan
  run.emit({
    type: 'planned',
    ...counts,
    ...(proofs === undefined ? { forced } : {}),
    transferMode: execution.transferMode,
  })
}

/** What stops a plan before anything was sent carries it, just as `/plan` gives it: with its proofs. */
async function guard(
  state: State,
  remotes: Remotes,
  draft: ProvisionalPlan,
  outline: RunSummary,
  pushes: Command[][],
): Promise<void> {
  const { run, job, execution } = state
  try {
    await assertPlanAllowed(job, draft.plan, outline.plan, remotes.target, pushes.length, run.signal)
  } catch (error) {
    if (error instanceof GitSyncError && execution.done === 0) {
      const plan = await withProofs(execution, draft)
      error.result = await resultOf(state, await outlinePlan(state, remotes, plan, pushes), plan)
    }
    throw error
  }
}

/** The plan with what proofs beside the relay have found since; they only tell forced from fast-forwarded. */
async function withProofs(execution: Execution, { plan, proofs }: ProvisionalPlan): Promise<PlannedRef[]> {
  const proven = await proofs?.catch(() => undefined)
  if (!proven) return plan
  await forEachYielding(proven, (ref) => {
    const { action } = execution.settled.get(ref.targetRef) ?? {}
    if (action !== undefined && action !== 'warn') execution.settled.set(ref.targetRef, ref)
  })
  return proven
}

async function outlinePlan(
  state: State,
  remotes: Remotes,
  plan: readonly PlannedRef[],
  pushes: readonly Command[][],
): Promise<RunSummary> {
  const { run, job, execution } = state
  const relay = pushes.length > 0 && (await bringsObjects(pushes, remotes.target.refs, run.signal))
  const isMaterialized = relay && execution.materialize
  const isBatch = execution.planned > 1 || execution.batched || (relay && job.targetMaxPackBytes > 0)
  const { planned, done } = execution
  return summarizeRun({
    job,
    remotes,
    plan,
    relay: relay && !isMaterialized,
    isMaterialized,
    isPlan: true,
    // How many steps a limited push takes is known when its history is.
    batch: { enabled: isBatch, planned: isBatch && planned === 1 ? 0 : planned, done },
  })
}

/** What a run has come to; `failure` is the reason of what did not move. */
async function runResult(
  state: State,
  remotes: Remotes,
  plan: PlannedRef[],
  failure = '',
): Promise<SyncResult> {
  const { job, execution } = state
  const { settled, failed, relayed, materialized: isMaterialized, planned, done, batched } = execution
  const outline = await summarizeRun({
    job,
    remotes,
    plan,
    relay: relayed && !isMaterialized,
    isMaterialized,
    isPlan: false,
    batch: { enabled: planned > 1 || batched, planned, done },
  })
  return resultOf(state, outline, await withOutcomes(plan, settled, failed, failure))
}

function resultOf(
  { run, job, memory, started, lfs }: State,
  outline: RunSummary,
  refs: readonly PlannedRef[],
) {
  const stats = collectStats(job.collectStats, run.traffic, started)
  const { summary } = lfs
  return buildResult(outline, refs, { ...(summary && { lfs: summary }), stats, measurement: memory.read() })
}

async function copyOf<K, V>(map: ReadonlyMap<K, V>): Promise<Map<K, V>> {
  const copy = new Map<K, V>()
  await forEachYielding(map, ([key, value]) => copy.set(key, value))
  return copy
}
