import { GitSyncError } from '../errors.js'
import { HttpStatusError } from '../git/http-status.js'
import { emptyPack } from '../git/pack.js'
import type { PushReport } from '../git/push-report.js'
import type { Command } from '../git/push-request.js'
import { CountedPack } from './counted-pack.js'
import type { Context } from './execution.js'
import { chooseHaves } from './haves.js'
import { LimitRefusal, limitRefusal } from './limit.js'
import { remoteText } from './progress.js'
import { Relay } from './relay.js'

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
 * One push, with one fetch where objects are wanted: the body of the one is that of the other.
 *
 * @throws LimitRefusal where less at a time may do, else GitSyncError; either way nothing has moved
 */
export async function ship(context: Context, shipment: Shipment): Promise<Shipped> {
  const { run, remotes, execution } = context
  const { source, target } = remotes
  const { wants, commands } = shipment
  run.meter.enter('relay')
  if (wants.length === 0) {
    const needsPack = commands.some(({ newId }) => newId !== '')
    return push(context, commands, needsPack ? new WholePack(emptyPack(target.objectFormat)) : new NoPack())
  }
  const haves = chooseHaves(target, context.plan, source.refs, context.confirmed)
  const pack = await source.fetch(
    {
      wants,
      haves,
      shallow: target.shallow,
      thin: shipment.thin && haves.length > 0,
      ofsDelta: target.capabilities.has('ofs-delta'),
      progress: true,
    },
    'fetch',
    remoteText('source', (text) => source.redact(text), run.emit),
  )
  try {
    run.meter.objects = pack.objects
    execution.relayed = true
    const counted = new CountedPack(pack, context)
    return await push(context, commands, new RelayedPack(counted, context, shipment.limit))
  } finally {
    await pack.return()
  }
}

/** What a push carries, and how far it has gone. */
interface Cargo {
  pack: AsyncIterable<Buffer> | undefined
  readonly bytes: number
  readonly committed: boolean
}

class NoPack implements Cargo {
  readonly pack = undefined
  readonly bytes = 0
  readonly committed = true
}

class WholePack implements Cargo {
  readonly pack: AsyncIterable<Buffer>
  readonly bytes: number
  readonly committed = true

  constructor(pack: Buffer) {
    this.pack = once(pack)
    this.bytes = pack.length
  }
}

class RelayedPack implements Cargo {
  readonly pack: Relay

  constructor(pack: CountedPack, { run, remotes }: Context, limit: number) {
    this.pack = new Relay(pack, remotes.target.objectFormat, run.meter, limit)
  }

  get bytes(): number {
    return this.pack.bytes
  }

  get committed(): boolean {
    return this.pack.committed
  }
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
    const report = await target.push(cargo.pack ? { ...request, pack: cargo.pack } : request, sink)
    if (report?.unpackError && spoken.wereHeard) throw spoken.refusal(report.unpackError, cargo.bytes)
    return { report, failure: undefined, bytes: cargo.bytes }
  } catch (error) {
    if (!(error instanceof GitSyncError)) throw error
    // Before the commit point a failure is final and moved nothing; after it, only the target knows.
    if (cargo.committed && isUnclear(error)) return { report: undefined, failure: error, bytes: cargo.bytes }
    throw (cargo.pack && limitRefusal(error, cargo.bytes)) ?? error
  }
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

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
