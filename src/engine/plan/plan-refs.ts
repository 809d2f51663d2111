import { createHash } from 'node:crypto'
import type { Action, PlanSummary, RefPlan } from '../../../schemas/result.js'
import { encodeText } from '../../git/refs/byte-text.js'
import { kindOfRef, shortRefName, sortByBytes } from '../../git/refs/ref-name.js'
import { costOfName, filterYielding, forEachYielding, Pace } from '../../runtime/yield.js'
import { mayPrune, type Scope } from '../request/scope.js'
import { blockedReason, DIFFERENCES } from './blocked-reasons.js'
import { withoutCollisions } from './collisions.js'
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
  /** By target ref: what earlier pushes of the run have completed. It stays as it is. */
  completed: ReadonlyMap<string, PlannedRef>
  /** Source objects that were listed, but are not served. */
  unserved: ReadonlySet<string>
  /** Whether a ref that the target cannot hold is left out with a warning, as one that it refuses. */
  bestEffort?: boolean
  /** Ends the planning. */
  signal?: AbortSignal
}

/** The branches whose action hangs on a proof: the target has another tip. */
export async function branchesToProve(
  desired: ReadonlyMap<string, DesiredRef>,
  targetRefs: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<DesiredRef[]> {
  const differs = ({ kind, targetRef, id }: DesiredRef) => {
    const targetId = kind === 'branch' ? targetRefs.get(targetRef) : undefined
    return targetId !== undefined && targetId !== id
  }
  return filterYielding(desired.values(), differs, { signal })
}

/** One action for each desired ref, and a delete for each ref to prune, sorted by target ref. */
export async function planRefs(input: PlanInput): Promise<PlannedRef[]> {
  const plan: PlannedRef[] = []
  const { desired, completed, scope, signal } = input
  await forEachYielding(
    desired.values(),
    (ref) => {
      if (!completed.has(ref.targetRef)) plan.push(planDesired(ref, input))
    },
    { signal },
  )
  await forEachYielding(completed.values(), (ref) => plan.push(ref), { signal })
  if (input.prune) {
    await forEachYielding(
      input.targetRefs,
      ([name, id]) => {
        if (!desired.has(name) && !completed.has(name) && mayPrune(scope, name))
          plan.push(planDelete(name, id))
      },
      { signal, cost: ([name]) => costOfName(name) },
    )
  }
  const sorted = await sortByBytes(plan, ({ targetRef }) => targetRef, signal)
  return withoutCollisions(sorted, input.targetRefs, input.bestEffort ? 'warn' : 'block', signal)
}

/** The command that an action becomes. Guards, digest and result follow the command, not the name of the action. */
export function moveOf({ action, sourceHash, targetHash }: RefPlan): Action {
  if (action !== 'create' && action !== 'update' && action !== 'delete') return action
  if (NO_OBJECT.test(sourceHash)) return 'delete'
  return NO_OBJECT.test(targetHash) ? 'create' : 'update'
}

const NO_OBJECT = /^0*$/

/** Counts the actions and digests them; see api.md, "Results". `zero` stands for a missing object id. */
export async function summarize(
  plan: readonly PlannedRef[],
  zero: string,
  signal?: AbortSignal,
): Promise<PlanSummary> {
  const byMove = { block: [], create: [], delete: [], skip: [], update: [], warn: [] } as Record<
    Action,
    PlannedRef[]
  >
  let forced = 0
  await forEachYielding(
    plan,
    (ref) => {
      byMove[moveOf(ref)].push(ref)
      if (ref.forced) forced++
    },
    { signal },
  )
  const { skip, warn, ...rest } = byMove
  return {
    digest: await digest({ ...rest, warn }, zero, signal),
    create: rest.create.length,
    update: rest.update.length,
    forced,
    delete: rest.delete.length,
    skip: skip.length,
    block: rest.block.length,
  }
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
  const difference = DIFFERENCES[ref.kind]
  if (input.overwrite) return { action: 'update', reason: `forced: ${difference}`, forced: true }
  return { action: 'block', reason: blockedReason(ref.kind) }
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

/** Lines sorted by bytes are those of each action, in the alphabet's order, sorted by name: no name has a space. */
async function digest(
  byMove: Partial<Record<Action, PlannedRef[]>>,
  zero: string,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256')
  const pace = new Pace(signal)
  for (const [move, refs] of Object.entries(byMove).sort()) {
    for (const ref of await sortByBytes(refs, ({ targetRef }) => targetRef, signal)) {
      const { targetRef, targetHash, sourceHash } = ref
      hash.update(encodeText(`${move} ${targetRef} ${targetHash || zero} ${sourceHash || zero}\n`))
      if (pace.spend(2)) await pace.turn()
    }
  }
  return `sha256:${hash.digest('hex')}`
}
