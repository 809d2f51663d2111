import { createHash } from 'node:crypto'
import { ProtocolError } from '../packets/protocol-error.js'
import { hashSize, type ObjectFormat } from '../refs/object-id.js'

// gitformat-pack: "PACK", version, object count, objects, checksum.

export const PACK_HEADER_SIZE = 12

/** The object count of a pack's first 12 bytes. */
export function parsePackHeader(bytes: Buffer): number {
  if (bytes.length < PACK_HEADER_SIZE || bytes.toString('latin1', 0, 4) !== 'PACK') {
    throw new ProtocolError('the response has no pack')
  }
  const version = bytes.readUInt32BE(4)
  if (version !== 2 && version !== 3) throw new ProtocolError(`pack version ${version} is not known`)
  return bytes.readUInt32BE(8)
}

/** A pack of no objects: what a push carries that creates refs to objects which the target has already. */
export function emptyPack(format: ObjectFormat): Buffer {
  const header = Buffer.from('PACK\0\0\0\u0002\0\0\0\0', 'latin1')
  return Buffer.concat([header, createHash(format).update(header).digest()])
}

/**
 * Holds back the end of a pack: at least its checksum, without which no target moves a ref. So nothing is
 * committed before the source has completed its pack. Whole chunks are held, and none is copied.
 */
export class PackTail {
  readonly #size: number
  readonly #held: Buffer[] = []
  #bytes = 0

  constructor(format: ObjectFormat) {
    this.#size = hashSize(format)
  }

  /** Adds a chunk, and returns those that are no longer part of the tail. */
  push(chunk: Buffer): Buffer[] {
    this.#held.push(chunk)
    this.#bytes += chunk.length
    let free = 0
    for (const held of this.#held) {
      if (this.#bytes - held.length < this.#size) break
      this.#bytes -= held.length
      free++
    }
    return this.#held.splice(0, free)
  }

  /** The rest, once the source has completed its pack. */
  release(): Buffer[] {
    this.#bytes = 0
    return this.#held.splice(0)
  }
}
