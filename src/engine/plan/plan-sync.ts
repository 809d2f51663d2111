import { GitSyncError } from '../../errors.js'
import { traced } from '../../runtime/trace.js'
import { filterYielding } from '../../runtime/yield.js'
import type { SyncSpec } from '../request/sync-spec.js'
import type { RunContext } from '../run/run-context.js'
import { KnownTips } from './known-tips.js'
import type { Remotes } from './list-remotes.js'
import { branchesToProve, type PlannedRef, planRefs } from './plan-refs.js'
import { proveFastForwards } from './prove.js'
import type { DesiredRef } from './select.js'

export interface ProvisionalPlan {
  plan: PlannedRef[]
  /** Proofs that only say which updates are forced, where a run does not wait for them. */
  proofs: Promise<PlannedRef[]> | undefined
  /** What else the proofs show. */
  tips: KnownTips
}

/** State that a run keeps from listing to listing. */
export interface PreviousAttempts {
  /** By target ref: what earlier pushes of this run confirmed, or were refused under `bestEffort`. */
  completed: ReadonlyMap<string, PlannedRef>
  /** Source objects that were listed and twice not served. */
  unserved: ReadonlySet<string>
}

/**
 * Plans and proves, from two fresh listings. Where proofs decide nothing but the word "forced", they are
 * started and not waited for.
 */
export async function planAndProve(
  run: RunContext,
  job: SyncSpec,
  { source, target, desired }: Remotes,
  previous: PreviousAttempts,
): Promise<ProvisionalPlan> {
  const planWith = (fastForwards: ReadonlySet<string>) =>
    planRefs({
      scope: job.scope,
      desired,
      targetRefs: target.refs,
      overwrite: job.overwrite,
      prune: job.prune,
      fastForwards,
      bestEffort: job.bestEffort,
      ...previous,
      signal: run.signal,
    })
  const differing = await branchesToProve(desired, target.refs, run.signal)
  const isServed = ({ id }: DesiredRef) => !previous.unserved.has(id)
  const branches = await filterYielding(differing, isServed, { signal: run.signal })
  const tips = new KnownTips()
  if (branches.length === 0) {
    tips.complete()
    return { plan: await planWith(new Set()), proofs: undefined, tips }
  }
  const prove = () =>
    traced('prove', { 'gitsync.branches': branches.length }, () =>
      proveFastForwards(source, branches, target.refs, {
        expected: job.overwrite ? 'rewrite' : 'fast-forward',
        tips,
        signal: run.signal,
      }),
    )
  if (job.overwrite && job.maxForced === undefined && !job.dryRun) {
    const proofs = tolerant(prove()).then(planWith)
    // Awaited after the relay; a failure before that is the run's own.
    proofs.catch(() => {})
    return { plan: await planWith(new Set()), proofs, tips }
  }
  run.meter.enter('prove')
  const proven = await (job.overwrite ? tolerant(prove()) : prove())
  return { plan: await planWith(proven), proofs: undefined, tips }
}

/** Where what is not proven is overwritten anyway, a source that cannot prove stops nothing. */
async function tolerant(proofs: Promise<Set<string>>): Promise<Set<string>> {
  try {
    return await proofs
  } catch (error) {
    if (error instanceof GitSyncError && error.code === 'unsupported') return new Set()
    throw error
  }
}
