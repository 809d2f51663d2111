import { createHash } from 'node:crypto'
import type { PlanSummary, RefPlan } from '../../schemas/result.js'
import { kindOfRef, shortRefName, sortByBytes } from '../git/ref-name.js'
import { encodeText } from '../git/text.js'
import { eachInTurns } from '../git/turns.js'
import { mayPrune, type Scope } from './scope.js'
import type { DesiredRef } from './select.js'

/** A ref's planned action; `forced` marks an update that is not a proven fast-forward. */
export type PlannedRef = RefPlan & { forced?: true }

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
export async function branchesToProve(
  desired: ReadonlyMap<string, DesiredRef>,
  targetRefs: ReadonlyMap<string, string>,
): Promise<DesiredRef[]> {
  const branches: DesiredRef[] = []
  await eachInTurns(desired.values(), (ref) => {
    if (ref.kind !== 'branch') return
    const targetId = targetRefs.get(ref.targetRef)
    if (targetId !== undefined && targetId !== ref.id) branches.push(ref)
  })
  return branches
}

/** One action for each desired ref, and a delete for each ref to prune, sorted by target ref. */
export async function planRefs(input: PlanInput): Promise<PlannedRef[]> {
  const plan: PlannedRef[] = []
  const { desired, settled } = input
  await eachInTurns(desired.values(), (ref) => {
    if (!settled.has(ref.targetRef)) plan.push(planDesired(ref, input))
  })
  for (const ref of settled.values()) plan.push(ref)
  if (input.prune) {
    await eachInTurns(input.targetRefs, ([name, id]) => {
      if (!desired.has(name) && !settled.has(name) && mayPrune(input.scope, name))
        plan.push(planDelete(name, id))
    })
  }
  return sortByBytes(plan, ({ targetRef }) => targetRef)
}

/** Counts the actions and digests them; see api.md, "Results". `zero` stands for a missing object id. */
export function summarize(plan: readonly PlannedRef[], zero: string): PlanSummary {
  const count = { create: 0, update: 0, forced: 0, delete: 0, skip: 0, block: 0, warn: 0 }
  for (const { action, forced } of plan) {
    count[action]++
    if (forced) count.forced++
  }
  const { warn: _, ...counts } = count
  return { digest: digest(plan, zero), ...counts }
}

function planDesired(ref: DesiredRef, input: PlanInput): PlannedRef {
  const { sourceRef, targetRef, id, kind } = ref
  const targetHash = input.targetRefs.get(targetRef) ?? ''
  const { action, reason, forced } = decide(ref, targetHash, input)
  const branch = shortRefName(targetRef)
  const planned = { branch, sourceRef, targetRef, sourceHash: id, targetHash, kind, action, reason }
  return forced ? { ...planned, forced } : planned
}

type Decision = Pick<PlannedRef, 'action' | 'reason' | 'forced'>

const UP_TO_DATE: Decision = { action: 'skip', reason: 'up to date' }
const UNSERVED: Decision = { action: 'warn', reason: 'the source lists it, but does not serve it' }
const NEW: Decision = { action: 'create', reason: 'the target has no such ref' }
const FAST_FORWARD: Decision = { action: 'update', reason: 'fast-forward' }

function decide(ref: DesiredRef, targetHash: string, input: PlanInput): Decision {
  if (targetHash === ref.id) return UP_TO_DATE
  if (input.unserved.has(ref.id)) return UNSERVED
  if (targetHash === '') return NEW
  if (input.fastForwards.has(ref.targetRef)) return FAST_FORWARD
  const difference =
    ref.kind === 'branch' ? 'the branch has diverged' : `the target has another object for this ${word(ref)}`
  if (input.overwrite) return { action: 'update', reason: `forced: ${difference}`, forced: true }
  return { action: 'block', reason: `${difference}; policy.force would overwrite it` }
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
  }
}

function word({ kind }: DesiredRef): string {
  return kind === 'tag' ? 'tag' : 'ref'
}

function digest(plan: readonly PlannedRef[], zero: string): string {
  const lines = plan
    .filter(({ action }) => action !== 'skip')
    .map((ref) => `${ref.action} ${ref.targetRef} ${ref.targetHash || zero} ${ref.sourceHash || zero}\n`)
  const hash = createHash('sha256')
  for (const line of sortByBytes(lines, (text) => text)) hash.update(encodeText(line))
  return `sha256:${hash.digest('hex')}`
}
