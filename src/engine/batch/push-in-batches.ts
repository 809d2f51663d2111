import { GitSyncError } from '../../errors.js'
import type { Command } from '../../git/wire/push-request.js'
import { byteSize, counted } from '../../runtime/units.js'
import { setting, worded } from '../../wording.js'
import { pushAndVerify } from '../push/push-attempt.js'
import { isOrderly, nothingMoved, type Pushed } from '../push/push-error.js'
import type { TooLarge } from '../push/push-outcome.js'
import type { Context } from '../push/push-state.js'
import { BatchSize } from './batch-size.js'
import { BatchWeight, FEW } from './batch-weight.js'
import { beginBatches } from './begin.js'
import { type Frontier, newHeads } from './frontier.js'
import { TempRefs } from './temp-refs.js'

const MAX_CUTS = 3

export interface Steps {
  commands: readonly Command[]
  wants: readonly string[]
  /** Most bytes of a pack that the target takes. */
  limit: number
  /** The refusal that taught us the limit, where the caller did not tell it. */
  refusal: TooLarge | undefined
}

/**
 * A push too large for the target, in steps: each brings the commits of a longer prefix of the history and holds
 * its heads by temporary refs; the last one moves the real refs and lets go of the temporary ones. What a run that
 * breaks off leaves behind is what the next one has.
 */
export async function pushInBatches(context: Context, steps: Steps): Promise<Pushed> {
  const transfer = await prepare(context, steps)
  for (;;) {
    const next = await chooseNext(transfer)
    announce(context, transfer)
    if (!next.isWhole || transfer.mustHold) {
      await step(context, transfer, next)
      continue
    }
    const pushed = await lastPush(context, steps, transfer)
    if (pushed) return pushed
  }
}

/** Whether both remotes can do what steps need; else why not. */
export function whyNoBatches({ remotes }: Context): string | undefined {
  if (!remotes.target.capabilities.has('delete-refs'))
    return 'the target cannot delete refs, so it gets no temporary ones'
  const { source } = remotes
  if (!source.canFilter && !source.canDeepen)
    return 'the source offers neither filter nor shallow, so its history cannot be cut into steps'
  return undefined
}

interface Transfer {
  prefix: Frontier
  size: BatchSize
  measure: BatchWeight
  temp: TempRefs
  told: boolean
  /** What the last push could not bring; undefined where it brought it. */
  tooFar: Frontier | undefined
  /** What was found by halving last may lie beside much more: what follows is weighed before it is sent. */
  isUneven: boolean
  /** The last push was refused with the least left: that is brought by a step of its own. */
  mustHold: boolean
  /** In a row. */
  refusals: number
}

async function prepare(context: Context, { wants, limit, refusal }: Steps): Promise<Transfer> {
  const { run, job, execution } = context
  execution.batched = true
  const measure = new BatchWeight(context)
  const { prefix, bytesEach } = await beginBatches(context, wants, measure, limit)
  const size = new BatchSize(limit, bytesEach)
  if (refusal) {
    const packs = size.packsFor(prefix.remaining)
    const text = `${refusal.why}: splitting what is left into ${counted(packs, 'pack')}`
    run.emit({ type: 'notice', text })
  }
  const temp = new TempRefs(job.scope.tempRefPrefix, job.sourceUrl, Date.now())
  const told = job.targetMaxPackBytes > 0
  return {
    prefix,
    size,
    measure,
    temp,
    told,
    tooFar: undefined,
    isUneven: false,
    mustHold: false,
    refusals: 0,
  }
}

/** The prefix to bring next. Where single advances are large, or the last push was refused, it is weighed before. */
async function chooseNext(transfer: Transfer): Promise<Frontier> {
  const { prefix, size, measure, tooFar, isUneven, mustHold } = transfer
  if (mustHold && tooFar) return tooFar
  if (tooFar) {
    transfer.isUneven = true
    return measure.bisect(prefix, tooFar, size.limit)
  }
  if (prefix.isWhole) return prefix
  const amount = size.next()
  if (amount < FEW) return measure.fill(prefix, size.limit)
  const next = await prefix.advance(amount)
  if (isUneven && !(await measure.fits(prefix, next, size.limit))) {
    return measure.bisect(prefix, next, size.limit)
  }
  transfer.isUneven = false
  return next
}

function announce({ run, execution }: Context, { size, prefix }: Transfer): void {
  const left = size.packsFor(prefix.remaining)
  execution.planned = execution.done + left
  run.meter.batch = { index: execution.done + 1, total: execution.planned }
}

/** Brings one more part of the history. */
async function step(context: Context, transfer: Transfer, next: Frontier): Promise<void> {
  const { prefix, temp, size } = transfer
  const heads = next.headIds
  const commands = temp.move(heads)
  const wants = newHeads(prefix, next)
  const pushed = await pushAndVerify(context, { commands, wants, limit: relayLimit(transfer) })
  if (pushed.type === 'too-large') return makeSmaller(transfer, next, pushed)
  refuseUnheld(context, pushed)
  temp.confirm(commands)
  for (const id of heads) context.confirmed.add(id)
  size.accepted(next.end - prefix.end, pushed.bytes)
  context.execution.done++
  Object.assign(transfer, { prefix: next, tooFar: undefined, mustHold: false, refusals: 0 })
}

/** The push that moves the real refs; `undefined` where it was refused for its size. */
async function lastPush(
  context: Context,
  { commands, wants }: Steps,
  transfer: Transfer,
): Promise<Pushed | undefined> {
  const { prefix, temp } = transfer
  const isAtomic = context.job.atomic
  const cleanUp = isAtomic ? [] : temp.deletes()
  const whole = await prefix.advance(prefix.remaining)
  const limit = relayLimit(transfer)
  let pushed = await pushAndVerify(context, { commands: [...commands, ...cleanUp], wants, limit })
  // Their company alone may have been refused: a rule against deletes, or against so many refs in one push.
  if (pushed.type === 'pushed' && cleanUp.length > 0 && isOrderly(pushed) && nothingMoved(pushed.outcomes)) {
    pushed = await pushAndVerify(context, { commands, wants, limit })
  }
  if (pushed.type === 'too-large') {
    await makeSmaller(transfer, whole, pushed)
    return undefined
  }
  for (const { ref } of cleanUp) {
    if (pushed.outcomes.get(ref)?.type === 'done')
      temp.confirm(cleanUp.filter((command) => command.ref === ref))
    pushed.outcomes.delete(ref)
  }
  context.execution.leftBehind.push(...temp.deletes())
  return pushed
}

/** What follows a push that was too large is made smaller, as long as there is anything to make smaller. */
async function makeSmaller(transfer: Transfer, next: Frontier, refusal: TooLarge): Promise<void> {
  const { prefix, size } = transfer
  transfer.refusals++
  // Once is no limit, where more went through before.
  if (transfer.refusals === 1 && size.isProven(refusal.bytes)) return
  if (refusal.isGuess && transfer.refusals >= MAX_CUTS) throw refusal.error
  const added = newHeads(prefix, next)
  if (added.length === 0)
    throw tooLarge('What is left beside commits, tagged files for instance,', size, refusal)
  const isLeast = (await prefix.halfwayTo(next)) === undefined
  const isAlone = isLeast && (transfer.mustHold || !next.isWhole)
  if (isAlone) throw tooLarge(`The commit ${added.join(' ')} alone`, size, refusal)
  transfer.mustHold = isLeast
  transfer.tooFar = next
  size.refused(refusal.bytes)
}

function relayLimit({ told, size }: Transfer): number {
  return told ? size.limit : Number.POSITIVE_INFINITY
}

function tooLarge(what: string, { limit }: BatchSize, refusal: TooLarge): GitSyncError {
  const message = `${what} is more than the target takes in one push (about ${byteSize(limit)}): ${refusal.why}.`
  const { error } = refusal
  return new GitSyncError('pack_limit_exceeded', message, { cause: error, retryable: error.retryable })
}

/** A target that takes no temporary refs cannot be brought anything in steps. */
function refuseUnheld({ job }: Context, pushed: Pushed): void {
  const refused = [...pushed.outcomes].flatMap(([ref, outcome]) =>
    outcome.type === 'done' ? [] : [{ ref, reason: outcome.reason }],
  )
  const [first] = refused
  if (!first) return
  if (pushed.failure) throw pushed.failure
  const hint = worded`allow that namespace there, or choose another by ${setting('tempRefPrefix')}`
  const message = worded`The target refused a temporary ref below ${job.scope.tempRefPrefix} (${first.reason}): ${hint}.`
  throw new GitSyncError('ref_rejected', message, { refs: refused })
}
