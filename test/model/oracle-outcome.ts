import { excludeEachOther } from './names.js'
import type { ExpectedPlan, ExpectedRef } from './oracle-plan.js'
import type { DrawnRequest } from './request.js'

/** What becomes of a plan that runs, as git's receive-pack takes it. */
export interface Outcome {
  /** Pushes that the plan needs. */
  pushes: number
  /** Refs that receive-pack refuses, whatever comes before them. */
  refused: Set<string>
  /** Creates that exclude each other: whichever comes first is taken. */
  contested: Set<string>
  /** The first refusal stops the pushes that follow, so that what they would have moved is open. */
  stopsEarly: boolean
}

/** The codes with which a run may refuse this plan before anything is sent; none where it runs. */
export function refusalsOf(request: DrawnRequest, { refs, summary }: ExpectedPlan): string[] {
  const { policy, expects } = request
  const codes: string[] = []
  if (expects === 'other-plan') codes.push('plan_changed')
  if (summary.block > 0) codes.push('blocked_refs')
  const isOver = (limit: number | undefined, planned: number) => limit !== undefined && planned > limit
  if (isOver(policy.maxDeletes, summary.delete) || isOver(policy.maxForced, summary.forced)) {
    codes.push('plan_refused')
  }
  const deletes = refs.filter(({ action }) => action === 'delete')
  const reusesName = refs.some((ref) => ref.action === 'create' && deletes.some((other) => clash(ref, other)))
  if (policy.atomic && (pushesFor(request, refs) > 1 || reusesName)) codes.push('unsupported')
  return codes
}

export function expectOutcome(
  request: DrawnRequest,
  { refs }: ExpectedPlan,
  target: { refs: Record<string, string>; head: string },
): Outcome {
  const refused = new Set<string>()
  // git: "deletion of the current branch prohibited".
  for (const { action, targetRef } of refs) {
    if (action === 'delete' && targetRef === target.head) refused.add(targetRef)
  }
  const deleted = new Set(refs.flatMap((ref) => (ref.action === 'delete' ? [ref.targetRef] : [])))
  const staying = Object.keys(target.refs).filter((name) => !deleted.has(name) || refused.has(name))
  const creates = refs.filter(({ action }) => action === 'create')
  for (const { targetRef } of creates) {
    if (staying.some((name) => excludeEachOther(name, targetRef))) refused.add(targetRef)
  }
  const open = creates.filter(({ targetRef }) => !refused.has(targetRef))
  const contested = open.filter((ref) => open.some((other) => clash(ref, other)))
  const moving = refs.filter(isMove).map(({ targetRef }) => targetRef)
  const fails = refused.size > 0 || contested.length > 0
  if (request.policy.atomic && fails) for (const name of moving) refused.add(name)
  const pushes = pushesFor(request, refs)
  return {
    pushes,
    refused,
    contested: request.policy.atomic ? new Set() : new Set(contested.map(({ targetRef }) => targetRef)),
    stopsEarly: fails && pushes > 1 && request.policy.bestEffort !== true,
  }
}

export function isMove({ action }: Pick<ExpectedRef, 'action'>): boolean {
  return action === 'create' || action === 'update' || action === 'delete'
}

function clash(one: ExpectedRef, other: ExpectedRef): boolean {
  return excludeEachOther(one.targetRef, other.targetRef)
}

function pushesFor({ options }: DrawnRequest, refs: readonly ExpectedRef[]): number {
  return Math.ceil(refs.filter(isMove).length / (options.targetMaxRefUpdates || 5_000))
}
