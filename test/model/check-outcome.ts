import { strict as assert } from 'node:assert'
import type { GitSyncError, PlanResult, RefResult, SyncResult } from '../../src/index.js'
import { agree } from './agree.js'
import { isMove, type Outcome } from './oracle-outcome.js'
import type { ExpectedPlan, ExpectedRef } from './oracle-plan.js'
import type { DrawnRequest } from './request.js'

type Refs = Record<string, string>

export interface Ran {
  request: DrawnRequest
  expected: ExpectedPlan
  plan: PlanResult
  outcome: Outcome
  result?: SyncResult | undefined
  error?: GitSyncError | undefined
  /** The target's refs. */
  before: Refs
  after: Refs
  /** Pushes that the target has seen. */
  pushes: number
}

/** Compares a run that may push with what the oracle says, and with what the target holds afterwards. */
export function checkOutcome(ran: Ran): void {
  const { outcome, error } = ran
  const fails = outcome.refused.size > 0 || outcome.contested.size > 0
  const code = fails && !isForgiven(ran) ? 'ref_rejected' : undefined
  agree(error?.code, code, error?.message ?? 'a run that succeeded')
  const result = ran.result ?? error?.result
  assert(result, 'there is a result')
  agree(result.plan, ran.plan.plan, 'the plan in the result is the one that was planned')
  checkRefs(ran, result)
  checkCounts(result)
  checkTarget(ran, result)
  checkExecution(ran, result)
  if (error) checkNamedRefs(result, error)
}

/** `bestEffort` makes refusals warnings, but where nothing moves and nothing is in place. */
function isForgiven({ request, expected: { refs }, outcome }: Ran): boolean {
  if (request.policy.bestEffort !== true) return false
  const isInPlace = refs.some(({ action }) => action === 'skip')
  return isInPlace || refs.filter(isMove).some(({ targetRef }) => !outcome.refused.has(targetRef))
}

/** Each ref did what was planned, or says that it did not; only what may be refused was. */
function checkRefs(ran: Ran, { refs }: SyncResult): void {
  const { expected, outcome } = ran
  agree(
    refs.map(({ action: _, reason: __, ...ref }) => ref),
    expected.refs.map(({ action: _, isForced: __, ...ref }) => ref),
    'the refs',
  )
  const failed = isForgiven(ran) ? 'warn' : 'block'
  for (const [index, ref] of expected.refs.entries()) {
    const { action = '', reason } = refs[index] ?? {}
    const allowed = actionsFor(ref, outcome, failed)
    assert(allowed.includes(action), `${ref.targetRef} is ${action}, not ${allowed.join(' or ')}: ${reason}`)
    assert(reason, `${ref.targetRef} has a reason`)
  }
}

function actionsFor(ref: ExpectedRef, { refused, contested, stopsEarly }: Outcome, failed: string): string[] {
  const { action, targetRef } = ref
  if (!isMove(ref)) return [action]
  if (refused.has(targetRef)) return [failed]
  return contested.has(targetRef) || stopsEarly ? [action, failed] : [action]
}

function checkCounts({ refs, counts }: SyncResult): void {
  const count = (...actions: string[]) => refs.filter(({ action }) => actions.includes(action)).length
  agree(
    counts,
    {
      applied: count('create', 'update'),
      skipped: count('skip'),
      blocked: count('block'),
      deleted: count('delete'),
      warned: count('warn'),
    },
    'the counts',
  )
}

/** The target holds exactly what the result says, and every ref that is not in it as it was. */
function checkTarget({ before, after }: Ran, { refs }: SyncResult): void {
  const told = new Map(Object.entries(before))
  for (const { action, targetRef, sourceHash } of refs) {
    if (action === 'create' || action === 'update') told.set(targetRef, sourceHash)
    if (action === 'delete') told.delete(targetRef)
  }
  agree(after, Object.fromEntries(told), "the target's refs")
}

function checkExecution({ plan, outcome, pushes, error }: Ran, result: SyncResult): void {
  const { execution } = result
  agree(execution.dryRun, false, 'dryRun')
  agree(execution.transferMode, plan.execution.transferMode, 'the transfer mode that was planned')
  agree(execution.batch.enabled, outcome.pushes > 1, 'batch.enabled')
  if (error) return
  agree(pushes, outcome.pushes, 'as many pushes as the refs need')
  agree(execution.relay, plan.execution.relay, 'relay is as it was planned')
  const { done } = execution.batch
  assert(result.counts.warned > 0 ? done <= pushes : done === pushes, `${done} of ${pushes} pushes confirmed`)
}

/** The error names refs that did not move, each with a reason. */
function checkNamedRefs({ refs }: SyncResult, error: GitSyncError): void {
  const blocked = new Set(refs.filter(isBlocked).map(({ targetRef }) => targetRef))
  assert(error.refs !== undefined && error.refs.length > 0, 'the error names refs')
  for (const { ref, reason } of error.refs) {
    assert(blocked.has(ref), `${ref} is named`)
    assert(reason, `${ref} has a reason`)
  }
}

function isBlocked({ action }: RefResult): boolean {
  return action === 'block'
}
