import { type ByteStream, prepend, wrapStream } from '../../runtime/byte-stream.js'
import { Pace, yieldToEventLoop } from '../../runtime/yield.js'
import { splitLine, splitLineOf, type TextLine } from './line.js'
import { decodePacket, HEADER_SIZE, type Packet, packetSize } from './pkt-line.js'
import { ExcessError, ProtocolError } from './protocol-error.js'

/** Bytes that are read after a response's end before its connection is given up. */
export const MAX_TRAILING_BYTES = 1024
const MIB = 1024 * 1024
/** The cost of one packet, its processing included. */
const MICROSECONDS = 5

/** Reads packets, and then perhaps raw bytes, from a stream of chunks of any size. */
export class PacketReader {
  readonly #chunks: ByteStream
  #limit: number
  #read = 0
  #buffer: Buffer = Buffer.alloc(0)
  #offset = 0
  readonly #pace = new Pace()

  /** `limit`: the most bytes of a response that has to be held; an endless one ends in an error. */
  constructor(bytes: AsyncIterable<Buffer>, limit = Number.POSITIVE_INFINITY) {
    this.#chunks = wrapStream(bytes[Symbol.asyncIterator](), { chunk: (chunk) => this.#count(chunk) })
    this.#limit = limit
  }

  /** Lifts the limit: what follows is passed on and not held, as a pack is. */
  unlimit(): void {
    this.#limit = Number.POSITIVE_INFINITY
  }

  /** The next packet, or `undefined` where the stream ends between two packets. */
  async next(): Promise<Packet | undefined> {
    for (;;) {
      const decoded = decodePacket(this.#buffer, this.#offset)
      if (decoded.type === 'packet') {
        this.#offset += decoded.size
        if (this.#pace.spend(MICROSECONDS)) await this.#pace.turn()
        return decoded.packet
      }
      if (!(await this.#fill(decoded.needed))) {
        if (this.#available === 0) return undefined
        throw new ProtocolError('the response ends in the middle of a packet')
      }
    }
  }

  /** The next packet, where there has to be one. */
  async nextOrFail(where: string): Promise<Packet> {
    const packet = await this.next()
    if (!packet) throw new ProtocolError(`the response ends early, ${where}`)
    return packet
  }

  /** Hands all lines up to a flush to `visit`. There may be millions: those that are here are not waited for. */
  async eachLine(where: string, visit: (line: TextLine) => void): Promise<void> {
    for (;;) {
      for (let line = this.#takeLine(); line; line = this.#takeLine()) visit(line)
      const packet = await this.nextOrFail(where)
      if (packet.type === 'flush') return
      visit(splitLineOf(packet))
    }
  }

  /** The next `size` bytes, or fewer at the end, without taking them. */
  async peek(size: number): Promise<Buffer> {
    await this.#fill(size)
    return this.#buffer.subarray(this.#offset, this.#offset + size)
  }

  /** All that follows, as it comes: nothing is read here any more. */
  rest(): ByteStream {
    const start = this.#buffer.subarray(this.#offset)
    this.#offset = this.#buffer.length
    return start.length > 0 ? prepend(start, this.#chunks) : this.#chunks
  }

  /**
   * The same for a list of refs, in which nothing may follow the flush: a ref that a later packet names would seem
   * absent, and be pruned.
   */
  async finishList(): Promise<void> {
    const header = (await this.peek(HEADER_SIZE)).toString('latin1')
    if (/^[\da-f]{4}$/i.test(header)) throw new ProtocolError('its list of refs goes on after its end')
    await this.finish()
  }

  /** Reads a complete response to its end, so that its connection can be used again. */
  async finish(): Promise<void> {
    let left = MAX_TRAILING_BYTES - this.#available
    while (left >= 0) {
      const { done, value } = await this.#chunks.next()
      if (done) return
      left -= value.length
    }
    await this.close()
  }

  /** Releases the stream; what was not read is discarded. */
  async close(): Promise<void> {
    await this.#chunks.return()
  }

  /** The next packet, where it is a line and all of it is here. */
  #takeLine(): TextLine | undefined {
    const start = this.#offset + HEADER_SIZE
    if (start > this.#buffer.length) return undefined
    const size = packetSize(this.#buffer, this.#offset)
    const end = this.#offset + size
    if (size < HEADER_SIZE || end > this.#buffer.length) return undefined
    this.#offset = end
    return splitLine(this.#buffer, start, end)
  }

  get #available(): number {
    return this.#buffer.length - this.#offset
  }

  /** Gathers at least `needed` bytes with one copy, so that tiny chunks cost no more than large ones. */
  async #fill(needed: number): Promise<boolean> {
    const parts = [this.#buffer.subarray(this.#offset)]
    let available = this.#available
    while (available < needed) {
      // What was read so far has been worked on since: a list of many refs must not block.
      await yieldToEventLoop()
      const { done, value } = await this.#chunks.next()
      if (done) break
      parts.push(value)
      available += value.length
    }
    if (parts.length > 1) {
      this.#buffer = Buffer.concat(parts, available)
      this.#offset = 0
    }
    return available >= needed
  }

  #count(chunk: Buffer): Buffer {
    this.#read += chunk.length
    if (this.#read > this.#limit) {
      throw new ExcessError(`its response is longer than ${this.#limit / MIB} MiB`)
    }
    return chunk
  }
}
