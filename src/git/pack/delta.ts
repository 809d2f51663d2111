import type { Pace } from '../../runtime/yield.js'
import { ProtocolError } from '../packets/protocol-error.js'
import { MAX_OBJECT_SIZE } from './pack-entry.js'

// gitformat-pack, "Deltified representation".

/** More bytes than a size takes are damage, which must not pass for a number. */
const MAX_SIZE_BYTES = 7
const MICROSECONDS_PER_INSTRUCTION = 0.1
const BYTES_PER_MICROSECOND = 1000

/** Makes an object of its base and a delta, in turns with others: a few bytes of delta may make very many. @throws ProtocolError */
export async function applyDelta(base: Buffer, delta: Buffer, pace: Pace): Promise<Buffer> {
  const reader = new DeltaReader(delta)
  if (reader.size() !== base.length) throw new ProtocolError('a delta does not fit its base')
  const size = reader.size()
  if (size > MAX_OBJECT_SIZE)
    throw new ProtocolError(`a delta makes an object of more than ${MAX_OBJECT_SIZE} bytes`)
  const result = Buffer.allocUnsafe(size)
  let at = 0
  while (!reader.ended) {
    const piece = reader.piece(base)
    if (at + piece.length > result.length) throw new ProtocolError('a delta makes more than it says')
    at += piece.copy(result, at)
    if (pace.spend(MICROSECONDS_PER_INSTRUCTION + piece.length / BYTES_PER_MICROSECOND)) await pace.turn()
  }
  if (at !== result.length) throw new ProtocolError('a delta makes less than it says')
  return result
}

/** Bytes of the object that a delta makes. @throws ProtocolError */
export function deltaResultSize(delta: Buffer): number {
  const reader = new DeltaReader(delta)
  reader.size()
  return reader.size()
}

class DeltaReader {
  readonly #delta: Buffer
  #at = 0

  constructor(delta: Buffer) {
    this.#delta = delta
  }

  get ended(): boolean {
    return this.#at >= this.#delta.length
  }

  size(): number {
    let size = 0
    for (let place = 0; place < MAX_SIZE_BYTES; place++) {
      const byte = this.#byte()
      size += (byte & 0x7f) * 128 ** place
      if (!(byte & 0x80)) return size
    }
    throw new ProtocolError('a delta has a malformed size')
  }

  /** The next instruction's bytes: a copy from the base, or new data. */
  piece(base: Buffer): Buffer {
    const instruction = this.#byte()
    if (instruction === 0) throw new ProtocolError('a delta has a reserved instruction')
    if (!(instruction & 0x80)) {
      const data = this.#delta.subarray(this.#at, this.#at + instruction)
      if (data.length < instruction) throw new ProtocolError('a delta is truncated')
      this.#at += instruction
      return data
    }
    const offset = this.#number(instruction, 4)
    const size = this.#number(instruction >> 4, 3) || 0x10000
    if (offset + size > base.length) throw new ProtocolError('a delta copies beyond its base')
    return base.subarray(offset, offset + size)
  }

  /** A little-endian number of which only the bytes flagged in `mask` are there. */
  #number(mask: number, bytes: number): number {
    let value = 0
    for (let i = 0; i < bytes; i++) if (mask & (1 << i)) value += this.#byte() * 256 ** i
    return value
  }

  #byte(): number {
    const byte = this.#delta[this.#at++]
    if (byte === undefined) throw new ProtocolError('a delta is truncated')
    return byte
  }
}
