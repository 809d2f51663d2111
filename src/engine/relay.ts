import { GitSyncError } from '../errors.js'
import type { ObjectFormat } from '../git/object-id.js'
import { PackTail } from '../git/pack.js'
import type { PackStream } from '../git/pack-stream.js'
import { overTargetLimit } from './limit.js'
import type { ProgressMeter } from './progress.js'

export interface RelayLimits {
  /** Most pack bytes that the run may read. */
  maxPackBytes: number
  /** Most bytes of this one pack that the target takes. */
  targetLimit: number
}

/**
 * The source's pack on its way to the target: nothing is decoded or collected, and the target's back-pressure is
 * the source's. Its end is held back until the source has ended well.
 */
export class Relay implements AsyncIterable<Buffer> {
  /** Bytes of the pack that the target has taken. */
  bytes = 0
  /** True once the end of the pack was let go: from then on the target may move refs. */
  committed = false
  readonly #pack: PackStream
  readonly #format: ObjectFormat
  readonly #meter: ProgressMeter
  readonly #limits: RelayLimits

  constructor(pack: PackStream, format: ObjectFormat, meter: ProgressMeter, limits: RelayLimits) {
    this.#pack = pack
    this.#format = format
    this.#meter = meter
    this.#limits = limits
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const { maxPackBytes, targetLimit } = this.#limits
    const tail = new PackTail(this.#format)
    let read = 0
    for await (const chunk of this.#pack) {
      read += chunk.length
      this.#meter.sourceBytes += chunk.length
      if (this.#meter.sourceBytes > maxPackBytes) throw overLimit(maxPackBytes)
      if (read > targetLimit) throw overTargetLimit(targetLimit, this.bytes)
      for (const free of tail.push(chunk)) {
        yield free
        this.#took(free.length)
      }
      this.#meter.changed()
    }
    this.committed = true
    for (const last of tail.release()) {
      yield last
      this.#took(last.length)
    }
    this.#meter.enter('confirm')
  }

  #took(bytes: number): void {
    this.bytes += bytes
    this.#meter.targetBytes += bytes
  }
}

function overLimit(maxPackBytes: number): GitSyncError {
  const hint = 'nothing was moved; raise options.maxPackBytes or sync fewer refs'
  return new GitSyncError(
    'pack_limit_exceeded',
    `The source sends more than ${maxPackBytes} bytes of packs: ${hint}.`,
  )
}
