import { GitSyncError } from '../../errors.js'
import { type PackStream, wrapPack } from '../../git/pack/pack-stream.js'
import { setting, worded } from '../../wording.js'
import type { SyncSpec } from '../request/sync-spec.js'
import type { RunContext } from '../run/run-context.js'

/** Whose bytes are counted, and how many there may be. */
export interface Counting {
  run: Pick<RunContext, 'meter'>
  job: Pick<SyncSpec, 'maxPackBytes'>
}

export interface CountedPack extends PackStream {
  /** Bytes of it that have passed. */
  readonly bytes: number
}

/** A pack from the source, its bytes counted as they pass against all that the run may read. */
export function countedPack(pack: PackStream, { run, job }: Counting): CountedPack {
  const count = (chunk: Buffer) => {
    counted.bytes += chunk.length
    run.meter.sourceBytes += chunk.length
    if (run.meter.sourceBytes > job.maxPackBytes) throw overLimit(job.maxPackBytes)
    return chunk
  }
  const counted = Object.assign(wrapPack(pack, { chunk: count }), { bytes: 0 })
  return counted
}

function overLimit(maxPackBytes: number): GitSyncError {
  const hint = worded`raise ${setting('options.maxPackBytes')} or sync fewer refs`
  const message = worded`The source sends more than ${maxPackBytes} bytes of packs: ${hint}.`
  return new GitSyncError('pack_limit_exceeded', message)
}
