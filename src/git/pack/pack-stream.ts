import type { PacketReader, RawStream } from '../wire/packet-reader.js'
import { SideBandStream, type TextSink } from '../wire/side-band-stream.js'
import { PACK_HEADER_SIZE, parsePackHeader } from './pack.js'

export interface PackStream extends AsyncIterableIterator<Buffer, undefined> {
  /** How many objects the header announces. */
  readonly objects: number
  return(): Promise<IteratorResult<Buffer, undefined>>
}

/**
 * The pack of an answer whose preamble has been read. It resolves when the pack's header is here; the stream
 * begins with that header, and ends without error only if the remote ended it well.
 */
export async function openPackStream(reader: PacketReader, onText: TextSink): Promise<PackStream> {
  reader.unlimit()
  const isRaw = (await reader.peek(4)).toString('latin1') === 'PACK'
  const chunks = isRaw ? reader.rest() : new SideBandStream(reader, onText)
  try {
    const head = await readHead(chunks)
    return new HeadedStream(head, parsePackHeader(head), chunks)
  } catch (error) {
    await chunks.return()
    throw error
  }
}

async function readHead(chunks: RawStream): Promise<Buffer> {
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

class HeadedStream implements PackStream {
  readonly objects: number
  #head: Buffer | undefined
  readonly #tail: RawStream

  constructor(head: Buffer, objects: number, tail: RawStream) {
    this.objects = objects
    this.#head = head
    this.#tail = tail
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#head) {
      const value = this.#head
      this.#head = undefined
      return { value }
    }
    return this.#tail.next()
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    await this.#tail.return()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
