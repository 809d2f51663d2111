import { type PlanInput, type PlannedRef, planRefs } from '../../src/engine/plan/plan-refs.js'
import { selectRefs } from '../../src/engine/plan/select.js'
import { toScope } from '../../src/engine/request/scope.js'
import { kindOfRef, shortRefName } from '../../src/git/refs/ref-name.js'
import type { RefScope } from '../../src/index.js'

/** An object id that is easy to tell apart: the letter forty times. */
export const id = (letter: string) => letter.repeat(40)

export interface Sides {
  source: Record<string, string>
  target: Record<string, string>
  scope?: RefScope
}

/** What `planRefs` takes, for refs given as objects; nothing is forced, pruned or proven. */
export async function planInput(
  { source, target, scope = {} }: Sides,
  options: Partial<PlanInput> = {},
): Promise<PlanInput> {
  const full = toScope(scope, false)
  const { desired } = await selectRefs(full, new Map(Object.entries(source)))
  return {
    scope: full,
    desired,
    targetRefs: new Map(Object.entries(target)),
    overwrite: false,
    prune: false,
    fastForwards: new Set(),
    completed: new Map(),
    unserved: new Set(),
    ...options,
  }
}

/** What is planned for refs given as objects. */
export async function planOf(sides: Sides, options?: Partial<PlanInput>): Promise<PlannedRef[]> {
  return planRefs(await planInput(sides, options))
}

/** A planned ref under one name on both sides. Without ids it is what its action makes of it. */
export function planned(
  action: PlannedRef['action'],
  targetRef: string,
  { old = '', now = '' }: { old?: string; now?: string } = {},
): PlannedRef {
  const hasOld = action !== 'create'
  const hasNew = action !== 'delete'
  return {
    branch: shortRefName(targetRef),
    sourceRef: hasNew ? targetRef : '',
    targetRef,
    sourceHash: hasNew ? now || id('b') : '',
    targetHash: hasOld ? old || id('a') : '',
    kind: kindOfRef(targetRef),
    action,
    reason: '',
  }
}
