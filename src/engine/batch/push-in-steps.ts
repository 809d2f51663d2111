import { GitSyncError } from '../../errors.js'
import type { Command } from '../../git/push-request.js'
import type { Context } from '../execution.js'
import { type LimitRefusal, mebibytes } from '../limit.js'
import { type Pushed, pushAttempt } from '../push-attempt.js'
import { orderCommits } from './commit-order.js'
import { FEW_COMMITS, StepMeasure } from './measure-step.js'
import { Prefix } from './prefix.js'
import { commitsOf, type History, readGraph } from './read-graph.js'
import { StepSize } from './step-size.js'
import { TempRefs } from './temp-refs.js'

/** A repository is about ten times as large as its commits alone: the guess before anything was observed. */
const BYTES_PER_COMMIT_BYTE = 10
/** No repository is so heavy beside its commits: what is small even then needs no measuring. */
const MOST_BYTES_PER_COMMIT_BYTE = 1000
const SAMPLES = 64
const MAX_CUTS = 3

export interface Steps {
  commands: readonly Command[]
  wants: readonly string[]
  /** Most bytes of a pack that the target takes. */
  limit: number
  /** The refusal that taught us the limit, where the caller did not tell it. */
  refusal: LimitRefusal | undefined
}

/**
 * A push too large for the target, in steps: each brings the commits of a longer prefix of the history and holds
 * its heads by temporary refs; the last one moves the real refs and lets go of the temporary ones. What a run that
 * breaks off leaves behind is what the next one has.
 */
export async function pushInSteps(context: Context, steps: Steps): Promise<Pushed> {
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
export function whyNoSteps({ remotes }: Context): string | undefined {
  if (!remotes.target.capabilities.has('delete-refs'))
    return 'the target cannot delete refs, so it gets no temporary ones'
  if (!remotes.source.canFilter) return 'the source offers no filter, so its history cannot be cut into steps'
  return undefined
}

interface Transfer {
  prefix: Prefix
  size: StepSize
  measure: StepMeasure
  temp: TempRefs
  told: boolean
  /** How many commits the last push could not bring; 0 where it brought them. */
  tooMany: number
  /** The last push was refused with a single commit left: that one is brought by a step of its own. */
  mustHold: boolean
  /** In a row. */
  refusals: number
}

async function prepare(context: Context, { wants, limit, refusal }: Steps): Promise<Transfer> {
  const { run, job, execution } = context
  execution.batched = true
  const history = await readGraph(context, wants)
  const order = await orderCommits(history.graph, orderedTips(context, history, wants))
  const prefix = new Prefix(history.graph, order)
  const measure = new StepMeasure(context)
  const size = new StepSize(limit, await guessBytesPerCommit(history, prefix, measure, limit))
  if (refusal) {
    const text = `${refusal.why}: splitting what is left into ${size.packsFor(order.length)} packs`
    run.emit({ type: 'notice', text })
  }
  const temp = new TempRefs(job.scope.tempRefPrefix, job.sourceUrl, Date.now())
  const told = job.targetMaxPackBytes > 0
  return { prefix, size, measure, temp, told, tooMany: 0, mustHold: false, refusals: 0 }
}

/** Weighs a sample of the history, unless it is so small that it would fit whatever it holds. */
async function guessBytesPerCommit(
  { graph, bytes }: History,
  prefix: Prefix,
  measure: StepMeasure,
  limit: number,
): Promise<number> {
  const fallback = (bytes * BYTES_PER_COMMIT_BYTE) / Math.max(1, graph.commits)
  if (bytes * MOST_BYTES_PER_COMMIT_BYTE < limit) return fallback
  for (let sample = Math.ceil(prefix.remaining / SAMPLES); sample > 0; sample = Math.floor(sample / 4)) {
    const to = await prefix.advance(sample)
    const weight = await measure.weigh(prefix, to, limit / 4)
    if (weight !== Number.POSITIVE_INFINITY) return weight / (to.end - prefix.end)
  }
  return limit
}

/** The prefix to bring next. Where commits are large, or the last push was refused, it is weighed before. */
async function chooseNext({ prefix, size, measure, tooMany }: Transfer): Promise<Prefix> {
  if (prefix.isWhole) return prefix
  if (tooMany > 1) return measure.bisect(prefix, tooMany, size.limit)
  const commits = tooMany === 1 ? 1 : size.next()
  return commits < FEW_COMMITS && tooMany !== 1 ? measure.fill(prefix, size.limit) : prefix.advance(commits)
}

/** HEAD's branch first, then other branches, then the rest. */
function orderedTips({ plan, remotes }: Context, history: History, wants: readonly string[]): Set<number> {
  const wanted = new Set(wants)
  const refs = plan.filter(({ sourceHash }) => wanted.has(sourceHash))
  const rank = ({ sourceRef, kind }: (typeof refs)[number]) =>
    sourceRef === remotes.source.head ? 0 : kind === 'branch' ? 1 : 2
  refs.sort((a, b) => rank(a) - rank(b))
  return commitsOf(
    history,
    refs.map(({ sourceHash }) => sourceHash),
  )
}

function announce({ run, execution }: Context, { size, prefix }: Transfer): void {
  const left = size.packsFor(prefix.remaining)
  execution.planned = execution.done + left
  run.meter.batch = { index: execution.done + 1, total: execution.planned }
}

/** Brings one more part of the history. */
async function step(context: Context, transfer: Transfer, next: Prefix): Promise<void> {
  const { prefix, temp, size } = transfer
  const held = new Set(prefix.headIds())
  const heads = next.headIds()
  const commands = temp.move(heads)
  const wants = heads.filter((id) => !held.has(id))
  const pushed = await tried(transfer, next, () =>
    pushAttempt(context, { commands, wants, limit: relayLimit(transfer) }),
  )
  if (!pushed) return
  refuseUnheld(context, pushed)
  temp.confirm(commands)
  for (const id of heads) context.confirmed.add(id)
  size.accepted(next.end - prefix.end, pushed.bytes)
  context.execution.done++
  Object.assign(transfer, { prefix: next, tooMany: 0, mustHold: false, refusals: 0 })
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
  const all = { commands: [...commands, ...cleanUp], wants, limit: relayLimit(transfer) }
  const pushed = await tried(transfer, whole, () => pushAttempt(context, all))
  if (!pushed) return undefined
  for (const { ref } of cleanUp) {
    if (pushed.verdicts.get(ref)?.type === 'done')
      temp.confirm(cleanUp.filter((command) => command.ref === ref))
    pushed.verdicts.delete(ref)
  }
  context.execution.leftBehind.push(...temp.deletes())
  return pushed
}

/** Runs a push; a refusal for its size makes what follows smaller, as long as there is anything to make smaller. */
async function tried(
  transfer: Transfer,
  next: Prefix,
  push: () => Promise<Pushed>,
): Promise<Pushed | undefined> {
  const { prefix, size } = transfer
  const commits = next.end - prefix.end
  try {
    return await push()
  } catch (error) {
    const refusal = error as LimitRefusal
    if (refusal.name !== 'LimitRefusal') throw error
    transfer.refusals++
    // Once is no limit, where more went through before.
    if (transfer.refusals === 1 && size.isProven(refusal.bytes)) return undefined
    if (refusal.error.code === 'target_unreachable' && transfer.refusals >= MAX_CUTS) throw refusal.error
    if (commits === 0)
      throw tooLarge('What is left beside commits, tagged files for instance,', size, refusal)
    const isAlone = commits === 1 && (transfer.mustHold || !next.isWhole)
    if (isAlone) throw tooLarge(`The commit ${prefix.nextId()} alone`, size, refusal)
    transfer.mustHold = commits === 1
    transfer.tooMany = commits
    size.refused(refusal.bytes)
    return undefined
  }
}

function relayLimit({ told, size }: Transfer): number {
  return told ? size.limit : Number.POSITIVE_INFINITY
}

function tooLarge(what: string, { limit }: StepSize, refusal: LimitRefusal): GitSyncError {
  const message = `${what} is more than the target takes in one push (about ${mebibytes(limit)}): ${refusal.why}.`
  return new GitSyncError('pack_limit_exceeded', message, { cause: refusal })
}

/** A target that takes no temporary refs cannot be brought anything in steps. */
function refuseUnheld({ job }: Context, { verdicts }: Pushed): void {
  const refused = [...verdicts].flatMap(([ref, verdict]) =>
    verdict.type === 'done' ? [] : [{ ref, reason: verdict.reason }],
  )
  const [first] = refused
  if (!first) return
  const hint = 'allow that namespace there, or choose another by GITSYNC_TEMP_REF_PREFIX'
  const message = `The target refused a temporary ref below ${job.scope.tempRefPrefix} (${first.reason}): ${hint}.`
  throw new GitSyncError('ref_rejected', message, { refs: refused })
}
