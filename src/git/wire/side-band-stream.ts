import { yieldToEventLoop } from '../../runtime/yield.js'
import { MAX_TRAILING_BYTES, type PacketReader, type RawStream } from './packet-reader.js'
import { ProtocolError } from './protocol-error.js'
import { SideBandDemultiplexer } from './side-band.js'

/** Takes a remote's own text, as cut by its packets. */
export type TextSink = (text: Buffer) => void

/** Band 1 of a side-band answer. A stream that ends without its flush was cut, however orderly HTTP ended it. */
export class SideBandStream implements AsyncIterable<Buffer>, RawStream {
  readonly #raw: RawStream
  readonly #demultiplexer = new SideBandDemultiplexer()
  readonly #onText: TextSink
  #trailing = 0

  constructor(reader: PacketReader, onText: TextSink) {
    this.#raw = reader.rest()
    this.#onText = onText
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    for (;;) {
      const { done, value } = await this.#raw.next()
      if (this.#demultiplexer.ended) {
        // Reading on to the end of HTTP's body keeps the connection usable.
        this.#trailing += value?.length ?? 0
        if (done) return { done: true, value: undefined }
        if (this.#trailing > MAX_TRAILING_BYTES) return this.return()
        continue
      }
      if (done) throw new ProtocolError('it was cut: the answer ends without a flush')
      const data = this.#take(value)
      // Text may come without an end, and as fast as it can be read.
      if (this.#demultiplexer.text.length > 0) await yieldToEventLoop()
      if (data.length > 0) return { value: data }
    }
  }

  /** The data of a chunk. What it says is heard in any case: before a fatal error it tells more than that. */
  #take(chunk: Buffer): Buffer {
    try {
      return this.#demultiplexer.push(chunk).data
    } finally {
      const { text } = this.#demultiplexer
      if (text.length > 0) this.#onText(Buffer.concat(text))
    }
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    await this.#raw.return()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
