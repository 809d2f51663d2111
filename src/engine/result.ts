import type {
  Action,
  BatchSummary,
  ExecutionSummary,
  Measurement,
  RefResult,
  Stats,
  SyncCounts,
  SyncResult,
} from '../../schemas/result.js'
import { zeroId } from '../git/object-id.js'
import type { Job } from './job.js'
import { type PlannedRef, summarize } from './plan.js'
import type { Remotes } from './remotes.js'

export interface ResultParts {
  job: Job
  remotes: Remotes
  /** What was planned, and what became of it. */
  plan: readonly PlannedRef[]
  refs: readonly PlannedRef[]
  relay: boolean
  isMaterialized: boolean
  batch: BatchSummary
  stats: Stats
  measurement: Measurement
  /** Nothing was tried: actions are what a run would do. */
  isPlan: boolean
}

export function buildResult({
  job,
  remotes,
  plan,
  refs,
  relay,
  isMaterialized,
  batch,
  isPlan,
  ...measured
}: ResultParts): SyncResult {
  const { protocol, head } = remotes.source
  const { transferMode, reason } = isMaterialized
    ? materialized(job)
    : chooseTransfer(job, plan, batch.enabled)
  const execution: ExecutionSummary = {
    dryRun: isPlan,
    protocol,
    operationMode: job.mode,
    relay,
    transferMode,
    reason,
    bootstrapSuggested: isPlan && transferMode.startsWith('bootstrap'),
    ...(head === undefined ? {} : { sourceHead: head }),
    batch,
  }
  const summary = summarize(plan, zeroId(remotes.target.objectFormat))
  return {
    refs: refs.map(publicRef),
    counts: countActions(refs, isPlan),
    plan: summary,
    execution,
    ...measured,
  }
}

/** What became of a plan: what was not settled is blocked, with its own reason or the run's. */
export function withOutcomes(
  plan: readonly PlannedRef[],
  settled: ReadonlyMap<string, PlannedRef>,
  failed: ReadonlyMap<string, string>,
  reason: string,
): PlannedRef[] {
  return plan.map((ref) => {
    const done = settled.get(ref.targetRef)
    if (done) return done
    if (!isMove(ref.action)) return ref
    return { ...ref, action: 'block', reason: failed.get(ref.targetRef) ?? reason }
  })
}

function materialized(job: Job): Pick<ExecutionSummary, 'transferMode' | 'reason'> {
  return {
    transferMode: 'materialized',
    reason: job.materialize === 'always' ? 'as-requested' : 'length-required',
  }
}

function chooseTransfer(
  job: Job,
  plan: readonly PlannedRef[],
  isBatch: boolean,
): Pick<ExecutionSummary, 'transferMode' | 'reason'> {
  if (plan.some(({ action }) => action === 'block')) return { transferMode: 'none', reason: 'blocked-refs' }
  if (!plan.some(({ action }) => isMove(action))) return { transferMode: 'none', reason: 'up-to-date' }
  const batch = isBatch ? '-batch' : ''
  const isEmpty = plan.every(({ action, targetHash }) => action === 'delete' || targetHash === '')
  if (isEmpty) return { transferMode: `bootstrap${batch}`, reason: 'empty-target' }
  if (job.mode === 'replicate') return { transferMode: `replicate${batch}`, reason: 'source-authoritative' }
  return { transferMode: `incremental${batch}`, reason: 'existing-refs' }
}

function isMove(action: Action): boolean {
  return action === 'create' || action === 'update' || action === 'delete'
}

/** In a plan nothing is applied: what would run counts as skipped, as in the Go package. */
function countActions(refs: readonly PlannedRef[], isPlan: boolean): SyncCounts {
  const counts: SyncCounts = { applied: 0, skipped: 0, blocked: 0, deleted: 0, warned: 0 }
  for (const { action } of refs) {
    if (action === 'block') counts.blocked++
    else if (action === 'warn') counts.warned++
    else if (action === 'skip' || isPlan) counts.skipped++
    else if (action === 'delete') counts.deleted++
    else counts.applied++
  }
  return counts
}

function publicRef({ forced: _, ...ref }: PlannedRef): RefResult {
  return ref
}
