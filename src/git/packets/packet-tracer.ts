import { decodeText } from '../refs/byte-text.js'
import { HEADER_SIZE, packetSize } from './pkt-line.js'

/** Receives the text of one packet. `isCut`: the packet goes on beyond it. */
export type TraceSink = (text: string, isCut: boolean) => void

/** Bytes kept of a packet or a line, which is more than is shown: text must be redacted before it is shortened. */
const MAX_KEPT = 4096
const CR = 0x0d
const LF = 0x0a
const DATA_BAND = 1
const LAST_BAND = 3
const CONTROL = ['0000', '0001', '0002']

/**
 * Reads along with the body of a request or a response, whatever reads it for real, and makes a text of each packet:
 * control packets by their number, lines of bands 2 and 3 with their band, and `PACK ...` for a pack, of which nothing
 * else is shown. It keeps copies only, as a chunk may be overwritten by its reader.
 */
export class PacketTracer {
  readonly #emit: TraceSink
  readonly #hasBands: boolean
  readonly #header = Buffer.alloc(HEADER_SIZE)
  #headerLength = 0
  #left = 0
  /** The band of the packet that is being read; 0 for an ordinary packet. */
  #band = 0
  #isFirst = false
  readonly #payload = new Kept()
  /** The content of band 1: a pack, or the packets of a report. */
  #data: PacketTracer | undefined
  readonly #lines = new Map<number, Kept>()
  #isOver = false

  /** Without `hasBands`, packets are never taken for side-band packets, which do not nest. */
  constructor(emit: TraceSink, hasBands = true) {
    this.#emit = emit
    this.#hasBands = hasBands
  }

  observe(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.#isOver; ) {
      at = this.#left > 0 ? this.#readPayload(chunk, at) : this.#readHeader(chunk, at)
    }
  }

  /** Shows the last line of a band, which may lack its end. */
  end(): void {
    for (const [band, line] of this.#lines) this.#endLine(band, line)
    this.#isOver = true
  }

  #readHeader(chunk: Buffer, from: number): number {
    const end = Math.min(from + HEADER_SIZE - this.#headerLength, chunk.length)
    this.#headerLength += chunk.copy(this.#header, this.#headerLength, from, end)
    if (this.#headerLength < HEADER_SIZE) return end
    this.#headerLength = 0
    const size = this.#readSize()
    if (size === undefined) this.#isOver = true
    else if (size < HEADER_SIZE) this.#emit(CONTROL[size] ?? '', false)
    else if (size === HEADER_SIZE) this.#emit('', false)
    else [this.#left, this.#isFirst, this.#band] = [size - HEADER_SIZE, true, 0]
    return end
  }

  /** Undefined where no packets follow any more. */
  #readSize(): number | undefined {
    const text = this.#header.toString('latin1')
    if (text === 'PACK') this.#emit('PACK ...', false)
    else {
      try {
        return packetSize(this.#header, 0)
      } catch {
        this.#emit(`not a pkt-line: "${text}"`, false)
      }
    }
    return undefined
  }

  #readPayload(chunk: Buffer, from: number): number {
    const end = Math.min(from + this.#left, chunk.length)
    const first = chunk[from] as number
    const isBanded = this.#isFirst && this.#hasBands && first >= DATA_BAND && first <= LAST_BAND
    if (isBanded) this.#band = first
    this.#isFirst = false
    this.#left -= end - from
    this.#keep(chunk.subarray(isBanded ? from + 1 : from, end))
    if (this.#left === 0 && this.#band === 0) this.#emitKept('', this.#payload, LF)
    return end
  }

  #keep(bytes: Buffer): void {
    if (this.#band === 0) this.#payload.add(bytes)
    else if (this.#band === DATA_BAND) {
      this.#data ??= new PacketTracer(this.#emit, false)
      this.#data.observe(bytes)
    } else this.#addLines(this.#band, bytes)
  }

  /** A remote's text is shown by the line: its packets may divide a line anywhere, and a secret in it too. */
  #addLines(band: number, bytes: Buffer): void {
    const line = this.#lines.get(band) ?? new Kept()
    this.#lines.set(band, line)
    let start = 0
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] !== LF && bytes[at] !== CR) continue
      line.add(bytes.subarray(start, at))
      this.#endLine(band, line)
      start = at + 1
    }
    line.add(bytes.subarray(start))
  }

  #endLine(band: number, line: Kept): void {
    if (line.size > 0) this.#emitKept(`sideband ${band}: `, line)
  }

  /** `end` is the byte that the text may end in and that is not shown. */
  #emitKept(prefix: string, kept: Kept, end?: number): void {
    const { bytes, isCut } = kept.take()
    const length = !isCut && bytes.at(-1) === end ? bytes.length - 1 : bytes.length
    this.#emit(prefix + decodeText(bytes, 0, length), isCut)
  }
}

/** The beginning of what is added to it, as a copy. */
class Kept {
  #parts: Buffer[] = []
  #size = 0
  #isCut = false

  get size(): number {
    return this.#size
  }

  add(bytes: Buffer): void {
    const part = bytes.subarray(0, MAX_KEPT - this.#size)
    if (part.length < bytes.length) this.#isCut = true
    if (part.length === 0) return
    this.#parts.push(Buffer.from(part))
    this.#size += part.length
  }

  take(): { bytes: Buffer; isCut: boolean } {
    const taken = { bytes: Buffer.concat(this.#parts), isCut: this.#isCut }
    this.#parts = []
    this.#size = 0
    this.#isCut = false
    return taken
  }
}
