import { pushAndVerify } from '../push/push-attempt.js'
import type { Pushed } from '../push/push-error.js'
import type { TooLarge } from '../push/push-outcome.js'
import type { Context } from '../push/push-state.js'
import { assertHeld, stuckError } from './batch-error.js'
import { BatchSize } from './batch-size.js'
import { BatchWeight } from './batch-weight.js'
import { beginBatches } from './begin.js'
import { type Frontier, newHeads } from './frontier.js'
import { type LastPush, lastPush } from './last-push.js'
import { FIRST_MOVE, type Move, moveAfterRefusal, moveAfterSuccess } from './next-move.js'
import { TempRefs } from './temp-refs.js'
import { TUNING } from './tuning.js'

export interface BatchRequest extends LastPush {
  /** Most bytes of a pack that the target accepts. */
  limit: number
  /** The refusal that revealed the limit, where the caller did not give it. */
  refusal: TooLarge | undefined
}

/**
 * A push that is too large for the target, in batches: each brings the history up to a further frontier, whose heads
 * are held by temporary refs; the last push moves the real refs and deletes the temporary ones. What a run that is
 * interrupted leaves on the target need not be sent again.
 */
export async function pushInBatches(context: Context, request: BatchRequest): Promise<Pushed> {
  const transfer = await prepare(context, request)
  for (let move = FIRST_MOVE; ; ) {
    const target = await chooseTarget(transfer, move)
    announce(context, transfer)
    const isLast = target.next.isWhole && move.type !== 'alone'
    const outcome = isLast
      ? await lastPush(context, request, transfer.temp, relayLimit(transfer))
      : await pushBatch(context, transfer, target.next)
    if (outcome.type === 'pushed' && isLast) return outcome
    move =
      outcome.type === 'pushed'
        ? moveAfterSuccess(target.isUneven)
        : await makeSmaller(transfer, move, target.next, outcome)
  }
}

/** Why batches are impossible between these remotes; undefined where they are possible. */
export function whyNoBatches({ remotes }: Context): string | undefined {
  if (!remotes.target.capabilities.has('delete-refs'))
    return 'the target cannot delete refs, so it gets no temporary ones'
  const { source } = remotes
  if (!source.canFilter && !source.canDeepen)
    return 'the source offers neither filter nor shallow, so its history cannot be cut into batches'
  return undefined
}

interface Transfer {
  /** What the target has. */
  frontier: Frontier
  readonly size: BatchSize
  readonly weight: BatchWeight
  readonly temp: TempRefs
  readonly isLimitGiven: boolean
}

interface Target {
  next: Frontier
  isUneven: boolean
}

async function prepare(context: Context, { wants, limit, refusal }: BatchRequest): Promise<Transfer> {
  const { run, job, execution } = context
  execution.batched = true
  const weight = new BatchWeight(context)
  const { frontier, bytesEach } = await beginBatches(context, wants, weight, limit)
  const size = new BatchSize(limit, bytesEach)
  if (refusal) {
    const packs = size.packsFor(frontier.remaining)
    const text = `${refusal.why}: splitting what is left into ${packs} pack${packs === 1 ? '' : 's'}`
    run.emit({ type: 'notice', text })
  }
  const temp = new TempRefs(job.scope.tempRefPrefix, job.sourceUrl, Date.now())
  return { frontier, size, weight, temp, isLimitGiven: job.targetMaxPackBytes > 0 }
}

/** The frontier to push up to. It is weighed first where commits are large or uneven. */
async function chooseTarget({ frontier, size, weight }: Transfer, move: Move): Promise<Target> {
  const { isUneven } = move
  if (move.type === 'alone') return { next: move.least, isUneven }
  if (move.type === 'shrink')
    return { next: await weight.bisect(frontier, move.overLimit, size.limit), isUneven }
  if (frontier.isWhole) return { next: frontier, isUneven }
  const amount = size.next()
  if (amount < TUNING.few) return { next: await weight.fill(frontier, size.limit), isUneven }
  const next = await frontier.advance(amount)
  if (!isUneven || (await weight.fits(frontier, next, size.limit))) return { next, isUneven: false }
  return { next: await weight.bisect(frontier, next, size.limit), isUneven }
}

function announce({ run, execution }: Context, { size, frontier }: Transfer): void {
  execution.planned = execution.done + size.packsFor(frontier.remaining)
  run.meter.batch = { index: execution.done + 1, total: execution.planned }
}

/** Brings the history up to `next`. */
async function pushBatch(context: Context, transfer: Transfer, next: Frontier): Promise<Pushed | TooLarge> {
  const { frontier, temp, size } = transfer
  const commands = temp.move(next.headIds)
  const wants = newHeads(frontier, next)
  const pushed = await pushAndVerify(context, { commands, wants, limit: relayLimit(transfer) })
  if (pushed.type === 'too-large') return pushed
  assertHeld(context.job, pushed)
  temp.confirm(commands)
  for (const id of next.headIds) context.confirmed.add(id)
  size.accepted(next.end - frontier.end, pushed.bytes)
  context.execution.done++
  transfer.frontier = next
  return pushed
}

/** What to do about a refusal. @throws GitSyncError where nothing can be done */
async function makeSmaller(
  { frontier, size }: Transfer,
  move: Move,
  next: Frontier,
  refusal: TooLarge,
): Promise<Move> {
  const following = moveAfterRefusal(move, {
    next,
    hasCommits: newHeads(frontier, next).length > 0,
    isLeast: (await frontier.halfwayTo(next)) === undefined,
    isProven: size.isProven(refusal.bytes),
    isGuess: refusal.isGuess,
  })
  if (following.type === 'stuck') {
    throw stuckError(following, refusal, { from: frontier, to: next, limit: size.limit })
  }
  if (following.type !== 'advance') size.refused(refusal.bytes)
  return following
}

function relayLimit({ isLimitGiven, size }: Transfer): number {
  return isLimitGiven ? size.limit : Number.POSITIVE_INFINITY
}
