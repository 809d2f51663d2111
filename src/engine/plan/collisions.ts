import { costOfName, forEachYielding } from '../../runtime/yield.js'
import type { PlannedRef } from './plan-refs.js'

/** Folders of a name that are checked. Deeper names do not occur in practice; the target itself would refuse them. */
const MAX_DEPTH = 64

/**
 * Stops creates whose name the target cannot hold: git cannot store both `a` and `a/b`. The target would only report
 * "failed to update ref". Refs that the same run deletes do not count.
 */
export async function withoutCollisions(
  plan: readonly PlannedRef[],
  targetRefs: ReadonlyMap<string, string>,
  action: 'block' | 'warn',
  signal: AbortSignal | undefined,
): Promise<PlannedRef[]> {
  const options = { signal, cost: costOfName }
  const creates = new Map<string, PlannedRef>()
  const deleted = new Set<string>()
  const sort = (ref: PlannedRef) => {
    if (ref.action === 'create') creates.set(ref.targetRef, ref)
    else if (ref.action === 'delete') deleted.add(ref.targetRef)
  }
  await forEachYielding(plan, sort, { signal })
  if (creates.size === 0) return [...plan]
  const reasons = new Map<string, string>()
  const stop = (name: string, what: string) => reasons.set(name, `${what}, ${HINT}`)
  const lookAbove = (name: string) => {
    for (const folder of foldersOf(name)) {
      if (targetRefs.has(folder) && !deleted.has(folder)) stop(name, `the target has ${folder}`)
      else if (creates.has(folder)) stop(name, `${folder} is to be created too`)
    }
  }
  await forEachYielding(creates.keys(), lookAbove, options)
  const lookBelow = (name: string) => {
    if (deleted.has(name)) return
    for (const folder of foldersOf(name)) if (creates.has(folder)) stop(folder, `the target has ${name}`)
  }
  await forEachYielding(targetRefs.keys(), lookBelow, options)
  const outcome: PlannedRef[] = []
  const decide = (ref: PlannedRef) => {
    const reason = reasons.get(ref.targetRef)
    outcome.push(reason === undefined ? ref : { ...ref, action, reason })
  }
  await forEachYielding(plan, decide, { signal })
  return outcome
}

const HINT = 'and git cannot hold a ref where another has its folder: rename or delete one of them'

/** `refs/heads/a` and `refs/heads/a/b` of `refs/heads/a/b/c`; no ref is as short as `refs/heads`. */
function* foldersOf(name: string): Generator<string> {
  let slash = name.indexOf('/', name.indexOf('/') + 1)
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    slash = name.indexOf('/', slash + 1)
    if (slash < 0) return
    yield name.slice(0, slash)
  }
}
