import { GitSyncError } from '../../errors.js'
import type { Push } from '../../git/receive-pack.js'
import type { Command } from '../../git/wire/push-request.js'
import { printable } from '../../runtime/printable.js'
import { traced } from '../../runtime/trace.js'
import { remoteText } from '../run/progress.js'
import { type CountedPack, countedPack } from './counted-pack.js'
import { chooseHaves } from './haves.js'
import { type PackPayload, payloadWithoutObjects, relayedPayload, spooledPayload } from './pack-payload.js'
import { nothingMoved } from './push-error.js'
import { failedPush, type PushOutcome, reportedPush, tooLargePack } from './push-outcome.js'
import type { Context } from './push-state.js'
import { determineOutcomes } from './ref-outcomes.js'
import { SpokenWords } from './spoken-words.js'
import { SpooledPack } from './spooled-pack.js'

const MAX_LINE = 1000

/** Known limits of the packs that the target accepts. */
export interface PushLimits {
  /** Most bytes of a pack. */
  limit: number
  /** Called with the number of objects in the pack's header; where it returns false, nothing is pushed. */
  fits?: (objects: number) => boolean
}

export interface PushRequest extends PushLimits {
  commands: readonly Command[]
  /** Objects to fetch for it; none where the target has them all. */
  wants: readonly string[]
}

export interface TransferRequest extends PushRequest {
  /** Whether deltas may go without their bases, where the target has those. */
  thin: boolean
}

/** A pack as it comes from the source. */
interface Fetched {
  pack: CountedPack
  isThin: boolean
}

/**
 * One push, with one fetch where objects are wanted: the body of the one is that of the other, unless the target
 * needs to know its length.
 *
 * @throws GitSyncError of the source
 */
export async function transfer(context: Context, request: TransferRequest): Promise<PushOutcome> {
  const { commands, wants } = request
  context.run.meter.enter('relay')
  if (wants.length === 0) {
    const hasWrites = commands.some(({ newId }) => newId !== '')
    return push(context, commands, payloadWithoutObjects(context, hasWrites), false)
  }
  // The push is a part of it: the pack goes out as it comes in.
  return traced('fetch', { 'gitsync.wants': wants.length }, () => fetchAndPush(context, request))
}

async function fetchAndPush(context: Context, request: TransferRequest): Promise<PushOutcome> {
  const { run, execution } = context
  const fetched = await fetchFor(context, request)
  const { pack, isThin } = fetched
  try {
    const { limit, fits } = request
    if (fits?.(pack.objects) === false) return tooLargePack('the pack has too many objects', limit, 'header')
    run.meter.objects = pack.objects
    if (execution.materialize) return await spoolAndPush(context, request, fetched)
    execution.relayed = true
    return await push(context, request.commands, relayedPayload(pack, context, limit), isThin)
  } finally {
    await pack.return()
  }
}

async function fetchFor(context: Context, { wants, thin }: TransferRequest): Promise<Fetched> {
  const { run, remotes, plan, confirmed } = context
  const { source, target } = remotes
  const haves = await chooseHaves(remotes, plan, confirmed, run.signal)
  const ofsDelta = target.capabilities.has('ofs-delta')
  // Deltas can lack their bases only where the source knows of any.
  const isThin = thin && haves.length > 0
  const request = {
    wants,
    haves,
    shallow: target.shallow,
    thin: isThin,
    ofsDelta,
    progress: run.isWatched,
  }
  const onText = remoteText('source', (...text) => source.redact(...text), run.emit)
  return { pack: countedPack(await source.fetch(request, 'fetch', onText), context), isThin }
}

/** Spools the pack to a file. A connection that broke before any response is worth a second push, if nothing has moved. */
async function spoolAndPush(
  context: Context,
  { commands, limit }: TransferRequest,
  { pack, isThin }: Fetched,
): Promise<PushOutcome> {
  const { run, job, remotes, execution } = context
  const { target } = remotes
  const spooled = await SpooledPack.read(pack, { ...job.spool, format: target.objectFormat })
  execution.materialized = true
  const send = () => push(context, commands, spooledPayload(spooled, context), isThin)
  try {
    if (spooled.size > limit) return tooLargePack('the spooled pack is too large', limit)
    const first = await send()
    if (first.type === 'reported' || first.error.code !== 'target_unreachable') return first
    if (first.type === 'unclear') {
      const listed = await determineOutcomes(target, commands, undefined, run)
      if (!nothingMoved(listed.outcomes)) return { ...first, listed }
    }
    run.emit({ type: 'notice', text: 'the connection broke and nothing has moved: sending the file again' })
    return await send()
  } finally {
    await spooled.close()
  }
}

async function push(
  { run, job, remotes }: Context,
  commands: readonly Command[],
  payload: PackPayload,
  isThin: boolean,
): Promise<PushOutcome> {
  const { target } = remotes
  const spoken = new SpokenWords()
  const onText = remoteText('target', (...text) => target.redact(...text), run.emit)
  const sink = (text: Buffer) => {
    spoken.hear(text)
    onText(text)
  }
  const { pack, packSize } = payload
  const isStream = pack !== undefined && !Buffer.isBuffer(pack)
  const sent = () => ({
    bytes: payload.bytes,
    committed: payload.committed,
    passedLimit: payload.passedLimit,
    hasObjects: isStream,
    isChunked: isStream && packSize === undefined,
    isThin,
    words: spoken.lines.map((line) => printable(target.redact(line), MAX_LINE)),
  })
  const request = { commands, atomic: job.atomic, pushOptions: job.pushOptions }
  try {
    const report = await traced('push', { 'gitsync.commands': commands.length }, () =>
      target.push({ ...request, ...carried(payload) }, sink),
    )
    return reportedPush(report, sent())
  } catch (error) {
    if (!(error instanceof GitSyncError)) throw error
    return failedPush(error, sent())
  }
}

function carried({ pack, packSize }: PackPayload): Pick<Push, 'pack' | 'packSize'> {
  return { ...(pack === undefined ? {} : { pack }), ...(packSize === undefined ? {} : { packSize }) }
}
