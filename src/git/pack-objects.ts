import { inflateSync } from 'node:zlib'
import { parsePackHeader } from './pack-stream.js'
import { ProtocolError } from './protocol-error.js'
import { takeTurn } from './turns.js'

// gitformat-pack, "pack-*.pack files have the following format".

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag'

/** One object of a pack, inflated. A delta names its base by id or by the offset at which that began. */
export type PackEntry =
  | { type: ObjectType; offset: number; data: Buffer }
  | { type: 'ref-delta'; offset: number; data: Buffer; base: string }
  | { type: 'ofs-delta'; offset: number; data: Buffer; base: number }

const TYPES = [undefined, 'commit', 'tree', 'blob', 'tag', undefined, 'ofs-delta', 'ref-delta'] as const
const PACK_HEADER_SIZE = 12
/** Bytes of the largest object that is inflated: commits and tags are small. */
export const MAX_OBJECT_SIZE = 64 * 1024 * 1024

/**
 * Inflates a pack's objects one by one as it streams in, for packs of small objects such as commits: those that each
 * chunk makes whole, which are to be taken before the next. Memory is that of a chunk and an object, and the event
 * loop gets its turn.
 *
 * @throws ProtocolError for a damaged pack, or what the stream throws
 */
export async function* readPackObjects(
  chunks: AsyncIterable<Buffer>,
  hashBytes: number,
): AsyncGenerator<Iterable<PackEntry>> {
  const parser = new PackParser(hashBytes)
  for await (const chunk of chunks) {
    yield parser.push(chunk)
    await takeTurn()
  }
  yield parser.end()
}

/** Bytes in, objects out. */
export class PackParser {
  readonly #hashBytes: number
  #buffer: Buffer = Buffer.alloc(0)
  /** Where the buffer begins in the pack. */
  #offset = 0
  #objectsLeft: number | undefined
  #needed = PACK_HEADER_SIZE

  constructor(hashBytes: number) {
    this.#hashBytes = hashBytes
  }

  *push(chunk: Buffer): Generator<PackEntry> {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
    if (this.#buffer.length < this.#needed) return
    yield* this.#parse()
    // An object that is not whole yet is tried again when there is twice as much of it.
    this.#needed = this.#buffer.length * 2
  }

  /** What the doubling still held back. */
  *end(): Generator<PackEntry> {
    if (this.#objectsLeft !== undefined) yield* this.#parse()
    if (this.#objectsLeft !== 0) throw new ProtocolError('the pack ends before its last object')
  }

  *#parse(): Generator<PackEntry> {
    if (this.#objectsLeft === undefined) {
      this.#objectsLeft = parsePackHeader(this.#buffer)
      this.#take(PACK_HEADER_SIZE)
    }
    while (this.#objectsLeft > 0) {
      const parsed = parseEntry(this.#buffer, 0, this.#offset, this.#hashBytes)
      if (!parsed) return
      this.#take(parsed.size)
      this.#objectsLeft--
      yield parsed.entry
    }
    this.#take(this.#buffer.length)
  }

  #take(size: number): void {
    this.#buffer = this.#buffer.subarray(size)
    this.#offset += size
  }
}

/** The entry at `at`, or undefined where not all of it is here. `offset` is its place in the whole pack. */
function parseEntry(
  buffer: Buffer,
  at: number,
  offset: number,
  hashBytes: number,
): { entry: PackEntry; size: number } | undefined {
  const head = parseHead(buffer, at, offset, hashBytes)
  if (!head) return undefined
  const { type, size, base, dataAt } = head
  const inflated = inflate(buffer, dataAt, size)
  if (!inflated) return undefined
  const entry = { type, offset, data: inflated.data, ...(base === undefined ? {} : { base }) } as PackEntry
  return { entry, size: dataAt + inflated.consumed - at }
}

interface Head {
  type: PackEntry['type']
  size: number
  base: string | number | undefined
  dataAt: number
}

function parseHead(buffer: Buffer, start: number, offset: number, hashBytes: number): Head | undefined {
  let at = start
  let byte = buffer[at++]
  if (byte === undefined) return undefined
  const type = TYPES[(byte >> 4) & 7]
  if (!type) throw new ProtocolError('the pack has an object of unknown type')
  let size = byte & 15
  for (let scale = 16; byte & 0x80; scale *= 128) {
    byte = buffer[at++]
    if (byte === undefined) return undefined
    size += (byte & 0x7f) * scale
    if (size > MAX_OBJECT_SIZE)
      throw new ProtocolError(`the pack has an object of more than ${MAX_OBJECT_SIZE} bytes`)
  }
  if (type === 'ref-delta') {
    if (buffer.length < at + hashBytes) return undefined
    return { type, size, base: buffer.toString('hex', at, at + hashBytes), dataAt: at + hashBytes }
  }
  if (type !== 'ofs-delta') return { type, size, base: undefined, dataAt: at }
  let distance = -1
  do {
    byte = buffer[at++]
    if (byte === undefined) return undefined
    distance = (distance + 1) * 128 + (byte & 0x7f)
  } while (byte & 0x80)
  return { type, size, base: offset - distance, dataAt: at }
}

function inflate(buffer: Buffer, at: number, size: number): { data: Buffer; consumed: number } | undefined {
  try {
    // @types/node does not know what `info` makes of the answer.
    const { buffer: data, engine } = inflateSync(buffer.subarray(at), {
      info: true,
      chunkSize: Math.max(64, size + 1),
      maxOutputLength: size + 1,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    if (data.length !== size) throw new ProtocolError('the pack has an object of another size than it says')
    return { data, consumed: engine.bytesWritten }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') return undefined
    if (error instanceof ProtocolError) throw error
    throw new ProtocolError('the pack has an object that does not inflate')
  }
}
