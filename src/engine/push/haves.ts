import type { ReceivePack } from '../../git/receive-pack.js'
import type { UploadPack } from '../../git/upload-pack.js'
import { MAX_HAVES } from '../../git/wire/request-bounds.js'
import type { LargeSet } from '../../runtime/large-map.js'
import { Pace } from '../../runtime/yield.js'
import type { PlannedRef } from '../plan/plan-refs.js'
import { tipsOf } from './wants.js'

/** The refs that both remotes have listed. */
interface KnownRefs {
  source: Pick<UploadPack, 'refs'>
  target: Pick<ReceivePack, 'refs' | 'extraHaves'>
}

/**
 * Objects that the target has, the most useful first: what this run learned of it, the old values of refs that change, tips
 * that the source has too, branches, the rest. Any pack made with these is valid for any set of commands.
 */
export async function chooseHaves(
  { source, target }: KnownRefs,
  plan: readonly PlannedRef[],
  confirmed: ReadonlySet<string> = new Set(),
  signal?: AbortSignal,
): Promise<string[]> {
  const sourceTips = await tipsOf(source.refs, signal)
  const haves = new Set<string>()
  const pace = new Pace(signal)
  for (const id of candidates(target, plan, sourceTips, confirmed)) {
    if (pace.spend(0.1)) await pace.turn()
    if (id !== undefined && haves.add(id).size === MAX_HAVES) break
  }
  return [...haves]
}

/** The most useful first; undefined for an item that is skipped, so that walking a long list can yield. */
function* candidates(
  target: KnownRefs['target'],
  plan: readonly PlannedRef[],
  sourceTips: LargeSet<string>,
  confirmed: ReadonlySet<string>,
): Generator<string | undefined> {
  yield* confirmed
  for (const { action, targetHash } of plan) yield action === 'update' ? targetHash : undefined
  for (const id of target.refs.values()) yield sourceTips.has(id) ? id : undefined
  for (const [name, id] of target.refs) yield name.startsWith('refs/heads/') ? id : undefined
  yield* target.refs.values()
  yield* target.extraHaves
}
