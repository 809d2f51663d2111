import { HEADER_SIZE, packetSize } from './pkt-line.js'
import { ProtocolError, RemoteFatalError } from './protocol-error.js'

// gitprotocol-pack, "Packfile Data": band 1 is data, 2 progress text, 3 a fatal error.

const BAND_DATA = 1
const BAND_TEXT = 2
const BAND_FATAL = 3

export interface Demultiplexed {
  /** The data of band 1, as one view into the chunk. */
  data: Buffer
  /** Text of band 2, divided anywhere. */
  text: Buffer[]
  /** The flush that ends the stream was seen; bytes after it are ignored. */
  ended: boolean
}

/**
 * Demultiplexes a side-band stream in place, chunk by chunk: the chunk given to `push` is overwritten, to close the
 * 5-byte gaps that the headers leave. Data is passed on before its packet is complete.
 */
export class SideBandDemultiplexer {
  readonly #header = Buffer.alloc(HEADER_SIZE + 1)
  #headerLength = 0
  #remaining = 0
  #band = 0
  #fatal: Buffer[] = []
  #ended = false
  #text: Buffer[] = []

  /** Text of band 2 in the last chunk, even if a fatal error followed in it. */
  get text(): readonly Buffer[] {
    return this.#text
  }

  /** True once the flush was seen. A stream that ends without it is truncated. */
  get ended(): boolean {
    return this.#ended
  }

  /** @throws ProtocolError for bad framing, and for the remote's fatal error on band 3 */
  push(chunk: Buffer): Demultiplexed {
    const text: Buffer[] = []
    this.#text = text
    let start = -1
    let end = 0
    let at = 0
    while (at < chunk.length && !this.#ended) {
      if (this.#remaining === 0) {
        at = this.#readHeader(chunk, at)
        continue
      }
      const stop = Math.min(at + this.#remaining, chunk.length)
      if (this.#band === BAND_DATA) {
        if (start < 0) start = end = at
        else chunk.copyWithin(end, at, stop)
        end += stop - at
      } else {
        this.#addText(text, chunk.subarray(at, stop))
      }
      this.#remaining -= stop - at
      at = stop
      if (this.#remaining === 0) this.#endPacket()
    }
    return { data: chunk.subarray(Math.max(start, 0), end), text, ended: this.#ended }
  }

  #addText(text: Buffer[], bytes: Buffer): void {
    // A copy, as closing gaps may overwrite this part of the chunk before it is read.
    const copy = Buffer.from(bytes)
    if (this.#band === BAND_TEXT) text.push(copy)
    else this.#fatal.push(copy)
  }

  #readHeader(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length && this.#headerLength < HEADER_SIZE)
      this.#header[this.#headerLength++] = chunk[at++] as number
    if (this.#headerLength < HEADER_SIZE) return at
    const size = packetSize(this.#header, 0)
    if (size === 0) {
      this.#ended = true
      return at
    }
    if (size < HEADER_SIZE) throw new ProtocolError('a control packet inside a side-band stream')
    if (size === HEADER_SIZE) {
      this.#headerLength = 0
      return at
    }
    if (at === chunk.length) return at
    this.#band = chunk[at++] as number
    if (this.#band < BAND_DATA || this.#band > BAND_FATAL)
      throw new ProtocolError(`unknown side-band ${this.#band}`)
    this.#remaining = size - HEADER_SIZE - 1
    this.#headerLength = 0
    if (this.#remaining === 0) this.#endPacket()
    return at
  }

  #endPacket(): void {
    if (this.#band === BAND_FATAL) throw new RemoteFatalError(Buffer.concat(this.#fatal).toString())
  }
}
