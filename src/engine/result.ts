import type {
  Action,
  BatchSummary,
  ExecutionSummary,
  PlanSummary,
  RefResult,
  SyncCounts,
  SyncResult,
} from '../../schemas/result.js'
import { zeroId } from '../git/refs/object-id.js'
import { forEachYielding, Pace } from '../runtime/yield.js'
import type { Remotes } from './plan/list-remotes.js'
import { moveOf, type PlannedRef, summarize } from './plan/plan-refs.js'
import type { SyncSpec } from './request/sync-spec.js'

/** The summary of a plan, without its refs. */
export type RunSummary = Pick<SyncResult, 'plan' | 'execution'>

export interface RunSummaryParts {
  job: SyncSpec
  remotes: Remotes
  plan: readonly PlannedRef[]
  relay: boolean
  isMaterialized: boolean
  batch: BatchSummary
  /** Nothing was pushed: actions are what a run would do. */
  isPlan: boolean
}

export async function summarizeRun({
  job,
  remotes,
  plan,
  relay,
  isMaterialized,
  batch,
  isPlan,
}: RunSummaryParts): Promise<RunSummary> {
  const { protocol, head } = remotes.source
  const { summary, isNew } = await factsOf(plan, zeroId(remotes.target.objectFormat))
  const { transferMode, reason } = isMaterialized
    ? materialized(job)
    : chooseTransfer(job, summary, isNew, batch.enabled)
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
  return { plan: summary, execution }
}

/** @param refs the plan with its outcomes */
export async function buildResult(
  { plan, execution }: RunSummary,
  refs: readonly PlannedRef[],
  { omitSkipped }: Pick<SyncSpec, 'omitSkipped'>,
  measured: Pick<SyncResult, 'lfs' | 'stats' | 'measurement'>,
): Promise<SyncResult> {
  const counts: SyncCounts = { applied: 0, skipped: 0, blocked: 0, deleted: 0, warned: 0 }
  const results: RefResult[] = []
  await forEachYielding(refs, (ref) => {
    counts[countedAs(moveOf(ref), execution.dryRun)]++
    if (!(omitSkipped && ref.action === 'skip')) results.push(publicRef(ref))
  })
  return { refs: results, counts, plan, execution, ...measured }
}

/** A plan with its outcomes: a ref that was not completed is blocked, with its own reason or the run's. */
export async function withOutcomes(
  plan: readonly PlannedRef[],
  completed: ReadonlyMap<string, PlannedRef>,
  failed: ReadonlyMap<string, string>,
  reason: string,
): Promise<PlannedRef[]> {
  const refs: PlannedRef[] = []
  await forEachYielding(plan, (ref) => {
    const done = completed.get(ref.targetRef)
    if (done || !isMove(ref.action)) refs.push(done ?? ref)
    else refs.push({ ...ref, action: 'block', reason: failed.get(ref.targetRef) ?? reason })
  })
  return refs
}

function materialized(job: SyncSpec): Pick<ExecutionSummary, 'transferMode' | 'reason'> {
  return {
    transferMode: 'materialized',
    reason: job.materialize === 'always' ? 'as-requested' : 'length-required',
  }
}

function chooseTransfer(
  job: SyncSpec,
  { create, update, delete: deletes, block }: PlanSummary,
  isEmpty: boolean,
  isBatch: boolean,
): Pick<ExecutionSummary, 'transferMode' | 'reason'> {
  if (block > 0) return { transferMode: 'none', reason: 'blocked-refs' }
  if (create + update + deletes === 0) return { transferMode: 'none', reason: 'up-to-date' }
  const batch = isBatch ? '-batch' : ''
  if (isEmpty) return { transferMode: `bootstrap${batch}`, reason: 'empty-target' }
  if (job.mode === 'replicate') return { transferMode: `replicate${batch}`, reason: 'source-authoritative' }
  return { transferMode: `incremental${batch}`, reason: 'existing-refs' }
}

interface PlanFacts {
  summary: PlanSummary
  /** The target has none of the desired refs. */
  isNew: boolean
}

/** Facts of a plan that are needed before its pushes and after them. A plan is never changed, so they are found once. */
async function factsOf(plan: readonly PlannedRef[], zero: string): Promise<PlanFacts> {
  const known = facts.get(plan)
  if (known) return known
  const found = { summary: await summarize(plan, zero), isNew: await isNewTo(plan) }
  facts.set(plan, found)
  return found
}

const facts = new WeakMap<readonly PlannedRef[], PlanFacts>()

async function isNewTo(plan: readonly PlannedRef[]): Promise<boolean> {
  const pace = new Pace()
  for (const { action, targetHash } of plan) {
    if (action !== 'delete' && targetHash !== '') return false
    if (pace.spend(0.1)) await pace.turn()
  }
  return true
}

function isMove(action: Action): boolean {
  return action === 'create' || action === 'update' || action === 'delete'
}

/** In a plan nothing is applied: what would run counts as skipped, as in the Go package. */
function countedAs(action: Action, isPlan: boolean): keyof SyncCounts {
  if (action === 'block') return 'blocked'
  if (action === 'warn') return 'warned'
  if (action === 'skip' || isPlan) return 'skipped'
  return action === 'delete' ? 'deleted' : 'applied'
}

/** There may be a million refs: only those with an internal field are copied. */
function publicRef(ref: PlannedRef): RefResult {
  if (ref.forced === undefined) return ref
  const { forced: _, ...shown } = ref
  return shown
}
