import { counted } from '../../runtime/units.js'
import { pushAndVerify } from '../push/push-attempt.js'
import type { Pushed } from '../push/push-error.js'
import type { TooLarge } from '../push/push-outcome.js'
import type { Context } from '../push/push-state.js'
import type { TargetLimit } from '../push/target-limit.js'
import type { PushLimits } from '../push/transfer.js'
import { assertHeld, stuckError } from './batch-error.js'
import { BatchSize } from './batch-size.js'
import { BatchWeight } from './batch-weight.js'
import { beginBatches } from './begin.js'
import { type Frontier, newHeads } from './frontier.js'
import { type LastPush, lastPush } from './last-push.js'
import {
  FIRST_MOVE,
  type Move,
  mayRecount,
  moveAfterRecount,
  moveAfterRefusal,
  moveAfterSuccess,
} from './next-move.js'
import { TempRefs } from './temp-refs.js'
import { TUNING } from './tuning.js'

export interface BatchRequest extends LastPush {
  limit: TargetLimit
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
    const { next, isUneven, isWeighed } = await chooseTarget(transfer, move)
    announce(context, transfer)
    const isLast = next.isWhole && move.type !== 'alone'
    const batch = new Batch(transfer, next, !isWeighed && mayRecount(move))
    const outcome = isLast
      ? await lastPush(context, request, transfer.temp, batch.limits)
      : await pushBatch(context, transfer, batch)
    if (outcome.type === 'pushed' && isLast) return outcome
    move =
      outcome.type === 'pushed'
        ? moveAfterSuccess(isUneven)
        : await makeSmaller(transfer, { ...move, isUneven }, batch, outcome)
  }
}

/** Why batches are impossible between these remotes; undefined where they are possible. */
export function whyNoBatches({ remotes }: Context): string | undefined {
  if (!remotes.target.capabilities.has('delete-refs'))
    return 'the target cannot delete refs, so it gets no temporary ones'
  const { source } = remotes
  if (!source.canFilter && !source.canDeepen)
    return 'the source offers neither filter nor shallow, so its history cannot be split into batches'
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
  isWeighed: boolean
}

async function prepare(context: Context, { wants, limit, refusal }: BatchRequest): Promise<Transfer> {
  const { run, job, execution } = context
  execution.batched = true
  const size = new BatchSize(limit)
  const weight = new BatchWeight(context, size)
  const frontier = await beginBatches(context, wants, weight, size)
  size.remaining(frontier.remaining)
  if (refusal) {
    const packs = size.packsFor(frontier.remaining)
    const text = `${refusal.why}: splitting what is left into ${counted(packs, 'pack')}`
    run.emit({ type: 'notice', text })
  }
  const temp = new TempRefs(job.scope.tempRefPrefix, job.sourceUrl, Date.now())
  return { frontier, size, weight, temp, isLimitGiven: job.targetMaxPackBytes > 0 }
}

/** The frontier to push up to. It is weighed first where commits are large or uneven. */
async function chooseTarget({ frontier, size, weight }: Transfer, move: Move): Promise<Target> {
  const { isUneven } = move
  const weighed = (next: Frontier): Target => ({ next, isUneven, isWeighed: true })
  if (move.type === 'alone') return weighed(move.least)
  // An estimate that was wrong once is not relied upon again.
  if (move.type === 'shrink') return weighed(await weight.bisect(frontier, move.overLimit, move.refusals > 1))
  if (frontier.isWhole) return weighed(frontier)
  const amount = size.next()
  if (amount < TUNING.few) return weighed(await weight.fill(frontier))
  const next = await frontier.advance(amount)
  if (!isUneven) return { next, isUneven, isWeighed: false }
  if (await weight.fits(frontier, next)) return { next, isUneven: false, isWeighed: true }
  return weighed(await weight.bisect(frontier, next))
}

function announce({ run, execution }: Context, { size, frontier }: Transfer): void {
  execution.planned = execution.done + size.packsFor(frontier.remaining)
  run.meter.batch = { index: execution.done + 1, total: execution.planned }
}

/** The history from one frontier to the next, and what was learned of its pack. */
class Batch {
  readonly next: Frontier
  readonly wants: readonly string[]
  /** In the unit of the history. */
  readonly commits: number
  /** As the pack's header said. */
  objects = 0
  readonly limits: PushLimits

  constructor({ frontier, size, isLimitGiven }: Transfer, next: Frontier, mayEnd: boolean) {
    this.next = next
    this.wants = newHeads(frontier, next)
    this.commits = next.end - frontier.end
    const isChecked = mayEnd && this.commits > 1
    this.limits = {
      limit: isLimitGiven ? size.limit.most : Number.POSITIVE_INFINITY,
      fits: (objects) => {
        this.objects = objects
        return !isChecked || size.mayHold(objects)
      },
    }
  }
}

/** Brings the history up to the end of a batch. */
async function pushBatch(context: Context, transfer: Transfer, batch: Batch): Promise<Pushed | TooLarge> {
  const { temp, size } = transfer
  const { next, wants, commits, limits } = batch
  const commands = temp.move(next.headIds)
  const pushed = await pushAndVerify(context, { commands, wants, ...limits })
  if (pushed.type === 'too-large') return pushed
  assertHeld(context.job, pushed)
  temp.confirm(commands)
  for (const id of next.headIds) context.confirmed.add(id)
  size.accepted({ commits, bytes: pushed.bytes, objects: batch.objects })
  size.remaining(next.remaining)
  context.execution.done++
  transfer.frontier = next
  return pushed
}

/** The next move after a pack that was too large. @throws GitSyncError where nothing can be done */
async function makeSmaller(
  { frontier, size }: Transfer,
  move: Move,
  batch: Batch,
  refusal: TooLarge,
): Promise<Move> {
  if (refusal.evidence === 'header') {
    size.refused(refusal, batch)
    return moveAfterRecount(move)
  }
  const { next, wants } = batch
  const following = moveAfterRefusal(move, {
    next,
    hasCommits: wants.length > 0,
    isLeast: (await frontier.halfwayTo(next)) === undefined,
    isProven: size.limit.isProven(refusal.bytes),
    isGuess: refusal.isGuess,
  })
  if (following.type === 'stuck') {
    throw stuckError(following, refusal, { from: frontier, to: next, limit: size.limit.most })
  }
  if (following.type !== 'advance') size.refused(refusal, batch)
  return following
}
