import type { Readable } from 'node:stream'
import type { ByteSource } from '../../runtime/byte-stream.js'

/** Bytes that may wait here before the sender has to. */
const ENOUGH = 128 * 1024

/** Bytes up to which waiting chunks are joined. */
const SMALL = 16 * 1024

/**
 * The chunks of a body, with back-pressure. Node's own iterator would join all that wait, and so copy a whole pack once
 * more; here only small chunks are joined, as from a server that writes each ref by itself.
 */
export class BodyChunks implements ByteSource {
  readonly #body: Readable
  readonly #waiting: Buffer[] = []
  #bytes = 0
  #isOver = false
  #error: Error | undefined
  #wake = () => {}

  constructor(body: Readable) {
    this.#body = body
    body.on('data', (chunk: Buffer) => this.#keep(chunk))
    body.once('end', () => this.#finish())
    // It comes last, also for a body that is destroyed without an error.
    body.once('close', () => this.#finish())
    // Also after the end: a body that is released early emits an error for its own destruction, which is not one to report.
    body.on('error', (error) => this.#finish(error))
  }

  /** @throws what broke the body off */
  async next(): Promise<IteratorResult<Buffer, undefined>> {
    while (this.#waiting.length === 0 && !this.#isOver) {
      this.#body.resume()
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const chunk = this.#take()
    if (chunk === undefined) {
      if (this.#error) throw this.#error
      return { done: true, value: undefined }
    }
    this.#bytes -= chunk.length
    return { value: chunk }
  }

  #take(): Buffer | undefined {
    let [count, bytes] = [1, this.#waiting[0]?.length ?? 0]
    for (; count < this.#waiting.length; count++) {
      bytes += this.#waiting[count]?.length ?? 0
      if (bytes > SMALL) break
    }
    const chunks = this.#waiting.splice(0, count)
    return chunks.length > 1 ? Buffer.concat(chunks) : chunks[0]
  }

  #keep(chunk: Buffer): void {
    this.#waiting.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes >= ENOUGH) this.#body.pause()
    this.#wake()
  }

  #finish(error?: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error = error
    this.#wake()
  }
}
