import { emptyPack } from '../../git/pack/pack.js'
import type { CountedPack } from './counted-pack.js'
import type { Context } from './push-state.js'
import { Relay } from './relay.js'
import type { SpooledPack } from './spooled-pack.js'

/** The pack that a push carries, and how far it has gone. */
export interface PackPayload {
  /** Absent for deletes alone. */
  readonly pack: Buffer | AsyncIterable<Buffer> | undefined
  /** Known where the pack is: a push then has a Content-Length. */
  readonly packSize?: number
  /** Bytes of the pack that went out. */
  readonly bytes: number
  /** The target may have moved refs. */
  readonly committed: boolean
  /** The limit at which it broke off by itself. */
  readonly passedLimit: number | undefined
}

/** For refs that need no object from the source: an empty pack, or none where every command is a delete. */
export function payloadWithoutObjects({ remotes }: Context, hasWrites: boolean): PackPayload {
  const pack = hasWrites ? emptyPack(remotes.target.objectFormat) : undefined
  return { pack, bytes: pack?.length ?? 0, committed: true, passedLimit: undefined }
}

/** The source's pack as it streams in; it is committed once its end has been released. */
export function relayedPayload(pack: CountedPack, { run, remotes }: Context, limit: number): PackPayload {
  const relay = new Relay(pack, remotes.target.objectFormat, run.meter, limit)
  return {
    pack: relay,
    get bytes() {
      return relay.bytes
    },
    get committed() {
      return relay.committed
    },
    get passedLimit() {
      return relay.passedLimit
    },
  }
}

/** A pack from its file; it is committed when its last bytes have been handed over. */
export function spooledPayload(pack: SpooledPack, { run }: Context): PackPayload {
  let bytes = 0
  let committed = false
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of pack) {
      committed = bytes + chunk.length === pack.size
      yield chunk
      bytes += chunk.length
      run.meter.targetBytes += chunk.length
      run.meter.changed()
    }
    run.meter.enter('confirm')
  }
  return {
    pack: counted(),
    packSize: pack.size,
    passedLimit: undefined,
    get bytes() {
      return bytes
    },
    get committed() {
      return committed
    },
  }
}
