import { PackTail } from '../../git/pack/pack.js'
import type { ObjectFormat } from '../../git/refs/object-id.js'
import type { ProgressMeter } from '../run/progress.js'
import type { CountedPack } from './counted-pack.js'
import { overTargetLimit } from './push-outcome.js'

/**
 * The source's pack on its way to the target: nothing is decoded or collected, and the target's back-pressure is
 * the source's. Its end is held back until the source has ended well.
 */
export class Relay implements AsyncIterable<Buffer> {
  /** Bytes of the pack that the target has taken. */
  bytes = 0
  /** True once the end of the pack was released: from then on the target may move refs. */
  committed = false
  /** The limit, where the pack has passed it, which ends the push. */
  passedLimit: number | undefined
  readonly #pack: CountedPack
  readonly #format: ObjectFormat
  readonly #meter: ProgressMeter
  readonly #limit: number

  /** `limit` is the most bytes of this pack that the target accepts. */
  constructor(pack: CountedPack, format: ObjectFormat, meter: ProgressMeter, limit: number) {
    this.#pack = pack
    this.#format = format
    this.#meter = meter
    this.#limit = limit
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const tail = new PackTail(this.#format)
    for await (const chunk of this.#pack) {
      if (this.#pack.bytes > this.#limit) {
        this.passedLimit = this.#limit
        throw overTargetLimit(this.#limit)
      }
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
