import type { Command } from '../../git/wire/push-request.js'
import { nothingMoved, type Pushed } from './push-error.js'
import type { LengthRequired, PushOutcome, TooLarge } from './push-outcome.js'
import type { Context } from './push-state.js'
import { determineOutcomes } from './ref-outcomes.js'
import { type PushRequest, transfer } from './transfer.js'

/**
 * One push and its outcome. It is repeated in another form where that may help and nothing has moved: with a
 * Content-Length for a target that does not accept a chunked body, and with a whole pack for one that lacks the bases of a
 * thin one.
 *
 * @throws GitSyncError where nothing has moved
 */
export async function pushAndVerify(context: Context, request: PushRequest): Promise<Pushed | TooLarge> {
  const { run, execution } = context
  for (let thin = !context.remotes.target.capabilities.has('no-thin'); ; ) {
    const outcome = await transfer(context, { ...request, thin })
    run.meter.enter('confirm')
    const ended = await verify(context, request.commands, outcome)
    if (ended.type === 'too-large') return ended
    if (ended.type === 'length-required') {
      if (!maySpool(context)) throw ended.error
      execution.materialize = true
      run.emit({ type: 'notice', text: spoolingText(ended) })
    } else if (lacksBases(outcome, ended)) {
      thin = false
      run.emit({ type: 'notice', text: 'the target could not unpack a thin pack: sending a whole one' })
    } else {
      return ended
    }
  }
}

async function verify(
  { run, remotes }: Context,
  commands: readonly Command[],
  outcome: PushOutcome,
): Promise<Pushed | TooLarge | LengthRequired> {
  if (outcome.type === 'failed') throw outcome.error
  if (outcome.type !== 'reported' && outcome.type !== 'unclear') return outcome
  const report = outcome.type === 'reported' ? outcome.report : undefined
  const listed = outcome.type === 'unclear' ? outcome.listed : undefined
  const { outcomes, unseen } =
    listed ??
    (await determineOutcomes(remotes.target, commands, report, {
      signal: run.signal,
      stallTimeout: run.stallTimeout,
      isRefused: outcome.type === 'unclear' && outcome.isRefused,
    }))
  const { bytes } = outcome
  if (outcome.type === 'reported') {
    const isKnown = [...outcomes.values()].every(({ type }) => type !== 'unknown')
    const failure = isKnown ? undefined : unseen
    return { type: 'pushed', outcomes, report, refusal: outcome.refusal, failure, bytes }
  }
  if (nothingMoved(outcomes) && outcome.unmoved.type !== 'failed') return outcome.unmoved
  const reason = outcome.error.message
  for (const [ref, { type }] of outcomes) if (type === 'refused') outcomes.set(ref, { type, reason })
  return { type: 'pushed', outcomes, report, refusal: undefined, failure: outcome.error, bytes }
}

function maySpool({ job }: Context): boolean {
  return job.materialize !== 'never' && job.mode !== 'replicate'
}

function spoolingText({ status }: LengthRequired): string {
  const said =
    status === 400 ? 'responded with 400 to a chunked body' : `does not accept a chunked body (${status})`
  return `the target ${said}: spooling the pack to a file first`
}

/** Whether a pack without thin deltas may fare better: not where the target says that something else was wrong. */
function lacksBases(outcome: PushOutcome, { report, outcomes, refusal }: Pushed): boolean {
  const isThin = outcome.type === 'reported' && outcome.isThin
  return isThin && report?.unpack.ok === false && refusal === undefined && nothingMoved(outcomes)
}
