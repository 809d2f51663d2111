import { emptyPack } from '../git/pack.js'
import type { CountedPack } from './counted-pack.js'
import type { Context } from './execution.js'
import { Relay } from './relay.js'
import type { SpooledPack } from './spooled-pack.js'

/** What a push carries, and how far that has gone. */
export interface Cargo {
  /** Absent for deletes alone. */
  readonly pack: Buffer | AsyncIterable<Buffer> | undefined
  /** Known where the pack is: a push then has a Content-Length. */
  readonly packSize?: number
  /** Bytes of the pack that went out. */
  readonly bytes: number
  /** The target may have moved refs. */
  readonly committed: boolean
}

/** For refs that need no object from the source: an empty pack, or none where every command is a delete. */
export function cargoWithoutObjects({ remotes }: Context, hasWrites: boolean): Cargo {
  const pack = hasWrites ? emptyPack(remotes.target.objectFormat) : undefined
  return { pack, bytes: pack?.length ?? 0, committed: true }
}

/** The source's pack as it streams in; it is committed when its end has been let go. */
export function relayedCargo(pack: CountedPack, { run, remotes }: Context, limit: number): Cargo {
  const relay = new Relay(pack, remotes.target.objectFormat, run.meter, limit)
  return {
    pack: relay,
    get bytes() {
      return relay.bytes
    },
    get committed() {
      return relay.committed
    },
  }
}

/** A pack from its file. All of it is there from the start, so any failure may have come after its end. */
export function spooledCargo(pack: SpooledPack, { run }: Context): Cargo {
  let bytes = 0
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of pack) {
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
    committed: true,
    get bytes() {
      return bytes
    },
  }
}
