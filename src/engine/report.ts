import type { SyncResult } from '../../schemas/result.js'
import type { Command } from '../git/wire/push-request.js'
import { forEachYielding } from '../runtime/yield.js'
import type { LfsOutcome } from './lfs/lfs-phase.js'
import type { Remotes } from './plan/list-remotes.js'
import type { PlannedRef } from './plan/plan-refs.js'
import type { ProvisionalPlan } from './plan/plan-sync.js'
import type { Execution } from './push/push-state.js'
import { bringsObjects } from './push/wants.js'
import type { SyncSpec } from './request/sync-spec.js'
import { buildResult, type RunSummary, summarizeRun, withOutcomes } from './result.js'
import type { RunContext } from './run/run-context.js'
import { collectStats, type MemoryMeter } from './run/stats.js'

/** A run and its measurements. */
export interface MeasuredRun {
  run: RunContext
  job: SyncSpec
  started: number
  memoryMeter: MemoryMeter
  lfs: LfsOutcome
}

/** A plan, the listings that it was made of, and how far it was carried out. */
export interface Planned {
  remotes: Remotes
  provisional: ProvisionalPlan
  execution: Execution
}

/**
 * Adds the results of proofs that ran alongside the pushes to a plan and to its completed refs. They only distinguish
 * forced updates from fast-forwards.
 */
export async function withProofs(planned: Planned): Promise<Planned> {
  const { provisional, execution } = planned
  const plan = await provisional.proofs?.catch(() => undefined)
  if (!plan) return planned
  const completed = new Map<string, PlannedRef>()
  await forEachYielding(execution.completed, ([name, ref]) => completed.set(name, ref))
  await forEachYielding(plan, (ref) => {
    const { action } = completed.get(ref.targetRef) ?? {}
    if (action !== undefined && action !== 'warn') completed.set(ref.targetRef, ref)
  })
  return {
    ...planned,
    provisional: { ...provisional, plan, proofs: undefined },
    execution: { ...execution, completed },
  }
}

/** The summary of a plan before anything of it is pushed. */
export async function summarizePlanned(
  { run, job }: MeasuredRun,
  { remotes, provisional, execution }: Planned,
  pushes: readonly Command[][],
): Promise<RunSummary> {
  const relay = pushes.length > 0 && (await bringsObjects(pushes, remotes.target.refs, run.signal))
  const isMaterialized = relay && execution.materialize
  const isBatch = execution.planned > 1 || execution.batched || (relay && job.targetMaxPackBytes > 0)
  const { planned, done } = execution
  return summarizeRun({
    job,
    remotes,
    plan: provisional.plan,
    relay: relay && !isMaterialized,
    isMaterialized,
    isPlan: true,
    // How many batches a limited push takes is known once the history is.
    batch: { enabled: isBatch, planned: isBatch && planned === 1 ? 0 : planned, done },
  })
}

/** The result of a run; `failure` is the reason for refs that did not move. */
export async function runResult(
  measured: MeasuredRun,
  { remotes, provisional: { plan }, execution }: Planned,
  failure = '',
): Promise<SyncResult> {
  const { completed, failed, relayed, materialized: isMaterialized, planned, done, batched } = execution
  const summary = await summarizeRun({
    job: measured.job,
    remotes,
    plan,
    relay: relayed && !isMaterialized,
    isMaterialized,
    isPlan: false,
    batch: { enabled: planned > 1 || batched, planned, done },
  })
  return planResult(measured, summary, await withOutcomes(plan, completed, failed, failure))
}

/** @param refs the plan with its outcomes, or as it is where nothing was pushed */
export function planResult(
  { run, job, memoryMeter, started, lfs }: MeasuredRun,
  summary: RunSummary,
  refs: readonly PlannedRef[],
): Promise<SyncResult> {
  const stats = collectStats(job.collectStats, run.traffic, started)
  return buildResult(summary, refs, job, {
    ...(lfs.summary && { lfs: lfs.summary }),
    stats,
    measurement: memoryMeter.read(),
  })
}
