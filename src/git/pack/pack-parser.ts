import { inflateSync } from 'node:zlib'
import { Pace } from '../../runtime/yield.js'
import { ProtocolError } from '../packets/protocol-error.js'
import { doesNotInflate, LargeInflate, wrongSize } from './large-inflate.js'
import { PACK_HEADER_SIZE, parsePackHeader } from './pack.js'
import { type EntryHead, MAX_OBJECT_SIZE, type PackEntry, parseEntryHead } from './pack-entry.js'

/** Bytes of an object up to which it is inflated here and now, as soon as all of it has come. */
export const SMALL = 256 * 1024
/** Bytes that deflating may add to those that do not deflate, generously. */
const DEFLATE_OVERHEAD = 1024
const MICROSECONDS_PER_OBJECT = 8
const BYTES_PER_MICROSECOND = 500

/**
 * Inflates a pack's objects as it streams in, some at a time, for packs of small objects such as commits. Memory is that of a chunk and an
 * object, and the event loop gets its turn, whatever the objects are like.
 *
 * @throws ProtocolError for a damaged pack, what the stream throws, or the signal's reason
 */
export async function* readPackObjects(
  chunks: AsyncIterable<Buffer>,
  hashBytes: number,
  signal?: AbortSignal,
): AsyncGenerator<PackEntry[]> {
  const pace = new Pace(signal)
  const parser = new PackParser(hashBytes)
  const read = async function* () {
    for (let entries = await parser.read(pace); entries.length > 0; entries = await parser.read(pace)) {
      yield entries
      await pace.turn()
    }
  }
  try {
    for await (const chunk of chunks) {
      parser.push(chunk)
      yield* read()
      await pace.turn()
    }
    parser.end()
    yield* read()
    parser.check()
  } finally {
    parser.close()
  }
}

interface LargeEntry {
  head: EntryHead
  inflate: LargeInflate
}

/** Bytes in, objects out. */
class PackParser {
  readonly #hashBytes: number
  /** Bytes that have come and were not read yet. */
  #chunks: Buffer[] = []
  #bytes = 0
  /** How many bytes there must be before it is worth a look. */
  #needed = PACK_HEADER_SIZE
  /** Where those bytes begin in the pack. */
  #offset = 0
  #objectsLeft: number | undefined
  #large: LargeEntry | undefined

  constructor(hashBytes: number) {
    this.#hashBytes = hashBytes
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  /** No more comes: what was held back is looked at. */
  end(): void {
    this.#needed = 0
  }

  /** The next objects that are whole, as many as one look at the clock allows; none until more has come. */
  async read(pace: Pace): Promise<PackEntry[]> {
    const entries: PackEntry[] = []
    while (!this.#large && this.#bytes > 0 && this.#bytes >= this.#needed) {
      const entry = this.#next()
      if (!entry) continue
      entries.push(entry)
      const bytes = 'data' in entry ? entry.data.length : 0
      if (pace.spend(MICROSECONDS_PER_OBJECT + bytes / BYTES_PER_MICROSECOND)) return entries
    }
    if (entries.length > 0 || !this.#large || this.#bytes === 0) return entries
    const entry = await this.#nextLarge(this.#large)
    return entry ? [entry] : []
  }

  /** @throws ProtocolError unless the pack has come to its end */
  check(): void {
    if (this.#objectsLeft !== 0) throw new ProtocolError('the pack ends before its last object')
    if (this.#bytes !== this.#hashBytes) throw new ProtocolError('the pack does not end with its checksum')
  }

  close(): void {
    this.#large?.inflate.close()
  }

  /** Undefined where it is not whole yet, or large, or where there is none. */
  #next(): PackEntry | undefined {
    const buffer = this.#joined()
    if (this.#objectsLeft === undefined) {
      this.#objectsLeft = parsePackHeader(buffer)
      this.#take(PACK_HEADER_SIZE)
      return undefined
    }
    if (this.#objectsLeft === 0) {
      if (this.#bytes > this.#hashBytes) throw new ProtocolError('the pack goes on after its last object')
      return this.#wait()
    }
    const head = parseEntryHead(buffer, this.#offset, this.#hashBytes)
    if (!head) return this.#wait()
    if (head.size > SMALL) return this.#begin(head)
    const inflated = inflateEntry(buffer, head)
    if (inflated) {
      this.#take(head.length + inflated.consumed)
      this.#objectsLeft--
      return entryOf(head, inflated.data)
    }
    // So many bytes for so small an object: they may never end, and are not to be held.
    if (this.#bytes > head.length + 2 * head.size + DEFLATE_OVERHEAD) return this.#begin(head)
    return this.#wait()
  }

  async #nextLarge({ head, inflate }: LargeEntry): Promise<PackEntry | undefined> {
    const bytes = this.#joined()
    const rest = await inflate.write(bytes)
    this.#take(bytes.length - (rest?.length ?? 0))
    if (!rest) return undefined
    this.#large = undefined
    this.#objectsLeft = (this.#objectsLeft ?? 0) - 1
    if (inflate.data) return entryOf(head, inflate.data)
    return { type: 'passed-over', offset: head.offset, size: head.size }
  }

  #begin(head: EntryHead): undefined {
    this.#take(head.length)
    this.#large = { head, inflate: new LargeInflate(head.size, head.size <= MAX_OBJECT_SIZE) }
    return undefined
  }

  /** An object that is not whole yet is tried again when there is twice as much of it. */
  #wait(): undefined {
    this.#needed = this.#needed === 0 ? Number.POSITIVE_INFINITY : this.#bytes * 2
    return undefined
  }

  #joined(): Buffer {
    const [first] = this.#chunks
    const buffer = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks)
    this.#chunks = [buffer]
    return buffer
  }

  #take(size: number): void {
    const rest = this.#joined().subarray(size)
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#bytes = rest.length
    this.#offset += size
    this.#needed = Math.min(this.#needed, 1)
  }
}

function entryOf({ type, offset, base }: EntryHead, data: Buffer): PackEntry {
  return { type, offset, data, ...(base === undefined ? {} : { base }) } as PackEntry
}

/** Inflates a small object. Undefined where not all of it is here. */
export function inflateEntry(
  buffer: Buffer,
  { length, size }: EntryHead,
): { data: Buffer; consumed: number } | undefined {
  try {
    // @types/node does not know what `info` makes of the result.
    const { buffer: data, engine } = inflateSync(buffer.subarray(length), {
      info: true,
      chunkSize: Math.max(64, size + 1),
      maxOutputLength: size + 1,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    if (data.length !== size) throw wrongSize()
    return { data, consumed: engine.bytesWritten }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') return undefined
    if (error instanceof ProtocolError) throw error
    throw doesNotInflate()
  }
}
