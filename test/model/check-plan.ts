import { strict as assert } from 'node:assert'
import type { PlanResult, SyncResult } from '../../src/index.js'
import { agree } from './agree.js'
import { expectOutcome, isMove } from './oracle-outcome.js'
import type { ExpectedPlan } from './oracle-plan.js'
import type { DrawnRequest } from './request.js'

/** Compares what `plan` gave with what the oracle says. */
export function checkPlan(
  request: DrawnRequest,
  expected: ExpectedPlan,
  plan: PlanResult,
  protocol: string,
): void {
  agree(
    plan.refs.map(({ reason: _, ...ref }) => ref),
    expected.refs.map(({ isForced: _, ...ref }) => ref),
    'the planned refs',
  )
  assert(
    plan.refs.every(({ reason }) => reason !== ''),
    'each ref has a reason',
  )
  agree(plan.plan, expected.summary, 'the plan')
  const { block } = expected.summary
  const warned = expected.refs.filter(({ action }) => action === 'warn').length
  agree(
    plan.counts,
    { applied: 0, skipped: plan.refs.length - block - warned, blocked: block, deleted: 0, warned },
    "the plan's counts",
  )
  const { dryRun, operationMode, transferMode } = plan.execution
  const isReplicate = request.verb === 'replicate' || request.policy.mode === 'replicate'
  agree(
    { dryRun, operationMode, transferMode, protocol: plan.execution.protocol },
    {
      dryRun: true,
      operationMode: isReplicate ? 'replicate' : 'sync',
      transferMode: expectTransfer(request, expected, isReplicate),
      protocol,
    },
    "the plan's execution",
  )
}

/** The branch that the source's HEAD names, where it exists. */
export function checkSourceHead(
  { execution }: SyncResult,
  head: string,
  source: Record<string, string>,
): void {
  if (source[head] !== undefined) agree(execution.sourceHead, head, 'sourceHead')
}

/** A result without what is measured. */
export function essence(result: SyncResult | undefined) {
  if (!result) return undefined
  const { refs, counts, plan, execution } = result
  return { refs, counts, plan, execution }
}

function expectTransfer(request: DrawnRequest, expected: ExpectedPlan, isReplicate: boolean): string {
  if (expected.summary.block > 0 || !expected.refs.some(isMove)) return 'none'
  const desired = expected.refs.filter(({ action }) => action !== 'delete')
  const isBootstrap = desired.every(({ targetHash }) => targetHash === '')
  const mode = isReplicate ? 'replicate' : 'incremental'
  const { pushes } = expectOutcome(request, expected, { refs: {}, head: '' })
  return (isBootstrap ? 'bootstrap' : mode) + (pushes > 1 ? '-batch' : '')
}
