import { type ByteStream, prepend, type StreamHooks, wrapStream } from '../../runtime/byte-stream.js'
import type { PacketReader } from '../packets/packet-reader.js'
import { readSideBand, type TextSink } from '../packets/side-band-stream.js'
import { PACK_HEADER_SIZE, parsePackHeader } from './pack.js'

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
