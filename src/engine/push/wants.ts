import type { Command } from '../../git/wire/push-request.js'
import { LargeSet } from '../../runtime/large-map.js'
import { forEachYielding, Pace } from '../../runtime/yield.js'

/** The objects that commands bring and no ref of the target holds, each once. */
export async function newObjects(
  commands: Iterable<Command>,
  targetRefs: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<string[]> {
  const held = await tipsOf(targetRefs, signal)
  const seen = new LargeSet<string>()
  const fresh: string[] = []
  const add = ({ newId }: Command) => {
    if (newId === '' || held.has(newId) || seen.has(newId)) return
    seen.add(newId)
    fresh.push(newId)
  }
  await forEachYielding(commands, add, { signal })
  return fresh
}

/** Whether any of these pushes has new objects: the first that is found decides. */
export async function bringsObjects(
  pushes: readonly Command[][],
  targetRefs: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<boolean> {
  const held = await tipsOf(targetRefs, signal)
  const pace = new Pace(signal)
  for (const commands of pushes) {
    for (const { newId } of commands) {
      if (newId !== '' && !held.has(newId)) return true
      if (pace.spend(0.1)) await pace.turn()
    }
  }
  return false
}

/** The objects that a list of refs holds. A list is not changed, so this is found out once. */
export function tipsOf(refs: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<LargeSet<string>> {
  const tips = found.get(refs) ?? gather(refs, signal)
  found.set(refs, tips)
  return tips
}

const found = new WeakMap<ReadonlyMap<string, string>, Promise<LargeSet<string>>>()

async function gather(refs: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<LargeSet<string>> {
  const tips = new LargeSet<string>()
  await forEachYielding(refs.values(), (id) => tips.add(id), { signal })
  return tips
}
