import { GitSyncError } from '../../errors.js'
import type { PackStream } from '../../git/pack/pack-stream.js'
import { setting, worded } from '../../wording.js'
import type { Run, SyncSpec } from '../request/sync-spec.js'

/** Whose bytes are counted, and how many there may be. */
export interface Counting {
  run: Pick<Run, 'meter'>
  job: Pick<SyncSpec, 'maxPackBytes'>
}

/** A pack from the source, its bytes counted as they pass against all that the run may read. */
export class CountedPack implements PackStream {
  bytes = 0
  readonly #pack: PackStream
  readonly #context: Counting

  constructor(pack: PackStream, context: Counting) {
    this.#pack = pack
    this.#context = context
  }

  get objects(): number {
    return this.#pack.objects
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    const result = await this.#pack.next()
    if (!result.done) this.#count(result.value.length)
    return result
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    return this.#pack.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #count(bytes: number): void {
    const { run, job } = this.#context
    this.bytes += bytes
    run.meter.sourceBytes += bytes
    if (run.meter.sourceBytes <= job.maxPackBytes) return
    const hint = worded`raise ${setting('options.maxPackBytes')} or sync fewer refs`
    const message = worded`The source sends more than ${job.maxPackBytes} bytes of packs: ${hint}.`
    throw new GitSyncError('pack_limit_exceeded', message)
  }
}
