import { createHash } from 'node:crypto'
import type { Action, PlanSummary, RefPlan } from '../../schemas/result.js'
import { byteOrderOf, kindOfRef, shortRefName } from '../git/ref-name.js'
import { encodeText } from '../git/text.js'
import { mayPrune, type Scope } from './scope.js'
import type { DesiredRef } from './select.js'

/** A ref's planned action; `forced` marks an update that is not a proven fast-forward. */
export type PlannedRef = RefPlan & { forced: boolean }

export interface PlanInput {
  scope: Scope
  desired: ReadonlyMap<string, DesiredRef>
  targetRefs: ReadonlyMap<string, string>
  /** Whether what cannot be fast-forwarded is overwritten: with force, and in replicate. */
  overwrite: boolean
  prune: boolean
  /** Target branches whose tip is proven to be an ancestor of what they shall be. */
  fastForwards: ReadonlySet<string>
  /** By target ref: what earlier pushes of the run have settled. It stays as it is. */
  settled: ReadonlyMap<string, PlannedRef>
  /** Source objects that were listed, but are not served. */
  unserved: ReadonlySet<string>
}

/** The branches whose action hangs on a proof: the target has another tip. */
export function branchesToProve(
  desired: ReadonlyMap<string, DesiredRef>,
  targetRefs: ReadonlyMap<string, string>,
): DesiredRef[] {
  return [...desired.values()].filter(({ kind, targetRef, id }) => {
    const targetId = targetRefs.get(targetRef)
    return kind === 'branch' && targetId !== undefined && targetId !== id
  })
}

/** One action for each desired ref, and a delete for each ref to prune, sorted by target ref. */
export function planRefs(input: PlanInput): PlannedRef[] {
  const plan: PlannedRef[] = []
  const { desired, settled } = input
  for (const ref of desired.values()) if (!settled.has(ref.targetRef)) plan.push(planDesired(ref, input))
  for (const ref of settled.values()) plan.push(ref)
  if (input.prune) {
    for (const [name, id] of input.targetRefs) {
      if (!desired.has(name) && !settled.has(name) && mayPrune(input.scope, name))
        plan.push(planDelete(name, id))
    }
  }
  const compare = byteOrderOf(plan.map(({ targetRef }) => targetRef))
  return plan.sort((a, b) => compare(a.targetRef, b.targetRef))
}

/** Counts the actions and digests them; see api.md, "Results". `zero` stands for a missing object id. */
export function summarize(plan: readonly PlannedRef[], zero: string): PlanSummary {
  const count = (action: Action) => plan.reduce((sum, ref) => sum + Number(ref.action === action), 0)
  return {
    digest: digest(plan, zero),
    create: count('create'),
    update: count('update'),
    forced: plan.reduce((sum, ref) => sum + Number(ref.forced), 0),
    delete: count('delete'),
    skip: count('skip'),
    block: count('block'),
  }
}

function planDesired(
  ref: DesiredRef,
  { targetRefs, overwrite, fastForwards, unserved }: PlanInput,
): PlannedRef {
  const targetHash = targetRefs.get(ref.targetRef) ?? ''
  const planned = (action: Action, reason: string, forced = false): PlannedRef => ({
    branch: shortRefName(ref.targetRef),
    sourceRef: ref.sourceRef,
    targetRef: ref.targetRef,
    sourceHash: ref.id,
    targetHash,
    kind: ref.kind,
    action,
    reason,
    forced,
  })
  if (targetHash === ref.id) return planned('skip', 'up to date')
  if (unserved.has(ref.id)) return planned('warn', 'the source lists it, but does not serve it')
  if (targetHash === '') return planned('create', 'the target has no such ref')
  if (fastForwards.has(ref.targetRef)) return planned('update', 'fast-forward')
  const difference =
    ref.kind === 'branch' ? 'the branch has diverged' : `the target has another object for this ${word(ref)}`
  if (overwrite) return planned('update', `forced: ${difference}`, true)
  return planned('block', `${difference}; policy.force would overwrite it`)
}

function planDelete(name: string, id: string): PlannedRef {
  return {
    branch: shortRefName(name),
    sourceRef: '',
    targetRef: name,
    sourceHash: '',
    targetHash: id,
    kind: kindOfRef(name),
    action: 'delete',
    reason: 'the source has no such ref',
    forced: false,
  }
}

function word({ kind }: DesiredRef): string {
  return kind === 'tag' ? 'tag' : 'ref'
}

function digest(plan: readonly PlannedRef[], zero: string): string {
  const lines = plan
    .filter(({ action }) => action !== 'skip')
    .map((ref) => `${ref.action} ${ref.targetRef} ${ref.targetHash || zero} ${ref.sourceHash || zero}\n`)
  lines.sort(byteOrderOf(lines))
  const hash = createHash('sha256')
  for (const line of lines) hash.update(encodeText(line))
  return `sha256:${hash.digest('hex')}`
}
