import { type ByteStream, prepend, type StreamHooks, wrapStream } from '../../runtime/byte-stream.js'
import type { PacketReader } from '../wire/packet-reader.js'
import { ProtocolError } from '../wire/protocol-error.js'
import { readSideBand, type TextSink } from '../wire/side-band-stream.js'

// gitformat-pack: "PACK", version, object count, objects, checksum.

export const PACK_HEADER_SIZE = 12

export interface PackStream extends ByteStream {
  /** How many objects the header announces. */
  readonly objects: number
}

/** A pack as `hooks` have it: see `wrapStream`. */
export function wrapPack(pack: PackStream, hooks: StreamHooks): PackStream {
  return Object.assign(wrapStream(pack, hooks), { objects: pack.objects })
}

/**
 * The pack of a response whose preamble has been read. Resolves once the pack's header has come; the stream begins with
 * that header, and ends without an error only if the remote completed it.
 */
export async function openPackStream(reader: PacketReader, onText: TextSink): Promise<PackStream> {
  reader.unlimit()
  const isRaw = (await reader.peek(4)).toString('latin1') === 'PACK'
  const chunks = isRaw ? reader.rest() : readSideBand(reader, onText)
  try {
    const head = await readHead(chunks)
    return Object.assign(prepend(head, chunks), { objects: parsePackHeader(head) })
  } catch (error) {
    await chunks.return()
    throw error
  }
}

/** The object count of a pack's first 12 bytes. */
export function parsePackHeader(bytes: Buffer): number {
  if (bytes.length < PACK_HEADER_SIZE || bytes.toString('latin1', 0, 4) !== 'PACK') {
    throw new ProtocolError('the answer has no pack')
  }
  const version = bytes.readUInt32BE(4)
  if (version !== 2 && version !== 3) throw new ProtocolError(`pack version ${version} is not known`)
  return bytes.readUInt32BE(8)
}

async function readHead(chunks: ByteStream): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  while (size < PACK_HEADER_SIZE) {
    const { done, value } = await chunks.next()
    if (done) break
    parts.push(value)
    size += value.length
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
}
