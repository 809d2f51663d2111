import { GitSyncError } from '../errors.js'
import { HttpStatusError } from '../git/http-status.js'
import type { PushReport } from '../git/push-report.js'
import type { Command } from '../git/push-request.js'
import type { Push } from '../git/receive-pack.js'
import { traced } from '../git/trace.js'
import { type Cargo, cargoWithoutObjects, relayedCargo, spooledCargo } from './cargo.js'
import { CountedPack } from './counted-pack.js'
import type { Context } from './execution.js'
import { chooseHaves } from './haves.js'
import { LimitRefusal, limitRefusal, overTargetLimit } from './limit.js'
import { remoteText } from './progress.js'
import { settlePush } from './settle.js'
import { SpooledPack } from './spooled-pack.js'

export interface Shipment {
  commands: readonly Command[]
  /** Objects to fetch for it; none where the target has them all. */
  wants: readonly string[]
  thin: boolean
  /** Most bytes of its pack that the target takes. */
  limit: number
}

export interface Shipped {
  report: PushReport | undefined
  /** The push broke after its commit point, so that only the target's refs can say what became of it. */
  failure: GitSyncError | undefined
  /** Bytes of its pack that went out. */
  bytes: number
}

/**
 * One push, with one fetch where objects are wanted: the body of the one is that of the other, unless the target
 * needs to know its length.
 *
 * @throws LimitRefusal where less at a time may do, else GitSyncError; either way nothing has moved
 */
export async function ship(context: Context, shipment: Shipment): Promise<Shipped> {
  try {
    return await shipOnce(context, shipment)
  } catch (error) {
    const { run, job, execution } = context
    if (!isLengthRequired(error) || execution.materialize || job.materialize === 'never') throw error
    if (job.mode === 'replicate') throw error
    execution.materialize = true
    run.emit({
      type: 'notice',
      text: 'the target takes no chunked body (411): spooling the pack to a file first',
    })
    return shipOnce(context, shipment)
  }
}

async function shipOnce(context: Context, shipment: Shipment): Promise<Shipped> {
  const { commands, wants } = shipment
  context.run.meter.enter('relay')
  if (wants.length === 0) {
    const hasWrites = commands.some(({ newId }) => newId !== '')
    return push(context, commands, cargoWithoutObjects(context, hasWrites))
  }
  // The push is a part of it: the pack goes out as it comes in.
  return traced('fetch', { 'gitsync.wants': wants.length }, () => shipFetched(context, shipment))
}

async function shipFetched(context: Context, { commands, wants, thin, limit }: Shipment): Promise<Shipped> {
  const { run, execution } = context
  const pack = await fetchFor(context, wants, thin)
  try {
    run.meter.objects = pack.objects
    if (execution.materialize) return await shipSpooled(context, commands, pack, limit)
    execution.relayed = true
    return await push(context, commands, relayedCargo(pack, context, limit))
  } finally {
    await pack.return()
  }
}

async function fetchFor(context: Context, wants: readonly string[], thin: boolean): Promise<CountedPack> {
  const { run, remotes, plan, confirmed } = context
  const { source, target } = remotes
  const haves = await chooseHaves(target, plan, source.refs, confirmed, run.signal)
  const ofsDelta = target.capabilities.has('ofs-delta')
  const request = {
    wants,
    haves,
    shallow: target.shallow,
    thin: thin && haves.length > 0,
    ofsDelta,
    progress: run.isWatched,
  }
  const onText = remoteText('source', (text) => source.redact(text), run.emit)
  return new CountedPack(await source.fetch(request, 'fetch', onText), context)
}

/** By way of a file: a connection that broke before any answer is worth a second push, if nothing has moved. */
async function shipSpooled(
  context: Context,
  commands: readonly Command[],
  pack: CountedPack,
  limit: number,
): Promise<Shipped> {
  const { run, job, remotes, execution } = context
  const { target } = remotes
  const spooled = await SpooledPack.read(pack, { ...job.spool, format: target.objectFormat })
  execution.materialized = true
  try {
    if (spooled.size > limit)
      throw new LimitRefusal('the spooled pack is too large', limit, overTargetLimit(limit))
    const first = await push(context, commands, spooledCargo(spooled, context))
    if (first.failure?.code !== 'target_unreachable') return first
    const verdicts = await settlePush(target, commands, undefined)
    if ([...verdicts.values()].some(({ type }) => type !== 'refused')) return first
    run.emit({ type: 'notice', text: 'the connection broke and nothing has moved: sending the file again' })
    const second = await push(context, commands, spooledCargo(spooled, context))
    const refusal = second.failure && limitRefusal(second.failure, second.bytes)
    if (refusal) throw refusal
    return second
  } finally {
    await spooled.close()
  }
}

function isLengthRequired(error: unknown): boolean {
  return error instanceof GitSyncError && error.cause instanceof HttpStatusError && error.cause.status === 411
}

async function push(
  { run, job, remotes }: Context,
  commands: readonly Command[],
  cargo: Cargo,
): Promise<Shipped> {
  const { target } = remotes
  const spoken = new LimitWords()
  const onText = remoteText('target', (text) => target.redact(text), run.emit)
  const sink = (text: Buffer) => {
    spoken.hear(text)
    onText(text)
  }
  const request = { commands, atomic: job.atomic, pushOptions: job.pushOptions }
  try {
    const report = await traced('push', { 'gitsync.commands': commands.length }, () =>
      target.push({ ...request, ...carried(cargo) }, sink),
    )
    if (report?.unpackError && spoken.wereHeard) throw spoken.refusal(report.unpackError, cargo.bytes)
    return { report, failure: undefined, bytes: cargo.bytes }
  } catch (error) {
    if (!(error instanceof GitSyncError)) throw error
    // Before the commit point a failure is final and moved nothing; after it, only the target knows.
    if (cargo.committed && isUnclear(error)) return { report: undefined, failure: error, bytes: cargo.bytes }
    throw (cargo.pack && limitRefusal(error, cargo.bytes)) ?? error
  }
}

function carried({ pack, packSize }: Cargo): Pick<Push, 'pack' | 'packSize'> {
  return { ...(pack === undefined ? {} : { pack }), ...(packSize === undefined ? {} : { packSize }) }
}

/** All but a clear refusal, and our own end of the run, leaves something to find out. */
function isUnclear(error: GitSyncError): boolean {
  if (error.cause instanceof HttpStatusError && error.cause.status === 408) return true
  return ['target_unreachable', 'target_protocol_error', 'target_timeout', 'target_unavailable'].includes(
    error.code,
  )
}

/** git's words for a pack over `receive.maxInputSize`, on band 2: its report says only that unpacking failed. */
class LimitWords {
  wereHeard = false
  #tail = ''

  hear(text: Buffer): void {
    const heard = this.#tail + text.toString('latin1')
    this.wereHeard ||= /exceeds maximum allowed size/i.test(heard)
    this.#tail = heard.slice(-64)
  }

  refusal(unpackError: string, bytes: number): LimitRefusal {
    const message = `The target takes no pack of that size: ${unpackError}.`
    const why = 'the target says that the pack exceeds its maximum size'
    return new LimitRefusal(why, bytes, new GitSyncError('pack_limit_exceeded', message))
  }
}
