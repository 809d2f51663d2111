import type { SyncResult } from '../../schemas/result.js'
import { GitSyncError } from '../errors.js'
import type { Command } from '../git/push-request.js'
import { type Draft, draftPlan } from './draft.js'
import { type Execution, executePushes } from './execute.js'
import { guardPlan } from './guard.js'
import type { Job, Run } from './job.js'
import { collectStats, MemoryMeter } from './measure.js'
import type { PlannedRef } from './plan.js'
import { openRemotes, type Remotes } from './remotes.js'
import { buildResult, type ResultParts, withOutcomes } from './result.js'
import { isRefusedWant, mayTryAgain, type Retries, unservedError } from './retry.js'
import { schedulePushes } from './schedule.js'

/**
 * A plan, sync or replicate, from listing to result. What a listing cannot know, a ref that moves meanwhile, sends
 * the run back to its start: both remotes are listed again, and selected, planned, proven and guarded anew.
 *
 * @throws GitSyncError; from the plan on with a `result` that says what the target confirmed
 */
export async function runSync(run: Run, job: Job): Promise<SyncResult> {
  const state = newState(run, job)
  try {
    for (;;) {
      const result = await attempt(state)
      if (result) return result
    }
  } finally {
    state.memory.close()
  }
}

/** What a run remembers from attempt to attempt. */
interface State {
  run: Run
  job: Job
  started: number
  memory: MemoryMeter
  execution: Execution
  retries: Retries
}

function newState(run: Run, job: Job): State {
  return {
    run,
    job,
    started: performance.now(),
    memory: new MemoryMeter(job.measureMemory),
    execution: { planned: 0, done: 0, relayed: false, settled: new Map(), failed: new Map() },
    retries: { sourceMoves: 0, blindPushes: 0, unserved: new Set() },
  }
}

/** From one listing to its result; `undefined` asks for another. */
async function attempt(state: State): Promise<SyncResult | undefined> {
  const { run, job, execution, retries } = state
  const remotes = await openRemotes(run, job)
  let draft: Draft | undefined
  try {
    draft = await draftPlan(run, job, remotes, {
      settled: new Map(execution.settled),
      unserved: retries.unserved,
    })
    const pending = draft.plan.filter(({ targetRef }) => !execution.settled.has(targetRef))
    const pushes = schedulePushes(pending, remotes.source.head, job.maxRefUpdates)
    execution.planned = execution.done + pushes.length
    execution.failed.clear()
    const planned = planResult(state, remotes, draft.plan, pushes)
    announce(run, planned, draft)
    if (job.dryRun) return planned
    guard(job, remotes, draft.plan, planned, pushes)
    const known = new Set(remotes.target.refs.values())
    await executePushes({ run, job, remotes, plan: draft.plan, known }, pushes, execution)
    return runResult(state, remotes, await withProofs(state, draft))
  } catch (error) {
    if (!(error instanceof GitSyncError)) throw error
    const plan = draft ? await withProofs(state, draft) : []
    if (mayTryAgain(retries, run, job, remotes, error)) return undefined
    const final = isRefusedWant(error) ? unservedError(plan, remotes, error) : error
    if (draft) final.result ??= runResult(state, remotes, plan, final.message)
    throw final
  }
}

function announce(run: Run, { plan, execution }: SyncResult, { proofs }: Draft): void {
  const { digest: _, forced, ...counts } = plan
  run.emit({
    type: 'planned',
    ...counts,
    ...(proofs === undefined ? { forced } : {}),
    transferMode: execution.transferMode,
  })
}

/** What stops a plan carries it, just as `/plan` gives it. */
function guard(
  job: Job,
  { target }: Remotes,
  plan: readonly PlannedRef[],
  planned: SyncResult,
  pushes: readonly Command[][],
): void {
  try {
    guardPlan(job, plan, planned.plan, target, pushes.length)
  } catch (error) {
    if (error instanceof GitSyncError) error.result = planned
    throw error
  }
}

/** The plan with what proofs beside the relay have found since; they only tell forced from fast-forwarded. */
async function withProofs({ execution }: State, { plan, proofs }: Draft): Promise<PlannedRef[]> {
  const proven = await proofs?.catch(() => undefined)
  if (!proven) return plan
  for (const ref of proven) {
    const { action } = execution.settled.get(ref.targetRef) ?? {}
    if (action !== undefined && action !== 'warn') execution.settled.set(ref.targetRef, ref)
  }
  return proven
}

function planResult(
  state: State,
  remotes: Remotes,
  plan: PlannedRef[],
  pushes: readonly Command[][],
): SyncResult {
  const tips = new Set(remotes.target.refs.values())
  const needsObjects = pushes.some((push) => push.some(({ newId }) => newId !== '' && !tips.has(newId)))
  const relay = needsObjects && !plan.some(({ action }) => action === 'block')
  return resultOf(state, remotes, { plan, refs: plan, relay, isPlan: true })
}

/** What a run has come to; `failure` is the reason of what did not move. */
function runResult(state: State, remotes: Remotes, plan: PlannedRef[], failure = ''): SyncResult {
  const { settled, failed, relayed } = state.execution
  const refs = withOutcomes(plan, settled, failed, failure)
  return resultOf(state, remotes, { plan, refs, relay: relayed, isPlan: false })
}

function resultOf(
  { run, job, execution, memory, started }: State,
  remotes: Remotes,
  { plan, refs, relay, isPlan }: Pick<ResultParts, 'plan' | 'refs' | 'relay' | 'isPlan'>,
): SyncResult {
  const { planned, done } = execution
  return buildResult({
    job,
    remotes,
    plan,
    refs,
    relay,
    isPlan,
    batch: { enabled: planned > 1, planned, done },
    stats: collectStats(job.collectStats, run.traffic, started),
    measurement: memory.read(),
  })
}
