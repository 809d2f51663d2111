import type { ReceivePack } from '../git/receive-pack.js'
import type { PlannedRef } from './plan.js'

/** http-backend takes at most 10 MiB of request body. */
export const MAX_HAVES = 50_000

/**
 * What the target has, the most telling first: what this run learned of it, the old values of refs that change, tips
 * that the source has too, branches, the rest. Any pack made with these is valid for any set of commands.
 */
export function chooseHaves(
  target: ReceivePack,
  plan: readonly PlannedRef[],
  sourceRefs: ReadonlyMap<string, string>,
  confirmed: ReadonlySet<string> = new Set(),
): string[] {
  const sourceTips = new Set(sourceRefs.values())
  const haves = new Set(confirmed)
  for (const { action, targetHash } of plan) if (action === 'update') haves.add(targetHash)
  for (const id of target.refs.values()) if (sourceTips.has(id)) haves.add(id)
  for (const [name, id] of target.refs) if (name.startsWith('refs/heads/')) haves.add(id)
  for (const id of target.refs.values()) haves.add(id)
  for (const id of target.extraHaves) haves.add(id)
  return [...haves].slice(0, MAX_HAVES)
}
