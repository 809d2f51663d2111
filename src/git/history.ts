import { createHash } from 'node:crypto'
import { applyDelta } from './delta.js'
import { hashSize, type ObjectFormat } from './object-id.js'
import { readPackObjects } from './pack-objects.js'
import { ProtocolError } from './protocol-error.js'

export interface Commit {
  id: string
  parents: string[]
}

/** What tells how a history hangs together. */
export type HistoryObject = ({ type: 'commit' } & Commit) | { type: 'tag'; id: string; target: string }

/** Most bytes of objects that are kept as bases of deltas to come. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024

/**
 * The commits and tags of a pack, as it streams in; other objects are passed over. Each may be a delta on another.
 *
 * @throws ProtocolError for a damaged pack, and where a delta's base is not among the last 32 MiB of objects
 */
export async function* readHistory(
  chunks: AsyncIterable<Buffer>,
  format: ObjectFormat,
): AsyncGenerator<HistoryObject> {
  const bases = new BaseStore()
  for await (const entry of readPackObjects(chunks, hashSize(format))) {
    let { type, data } = entry as { type: string; data: Buffer }
    if (entry.type === 'ref-delta' || entry.type === 'ofs-delta') {
      const base = bases.get(entry.base)
      type = base.type
      data = applyDelta(base.data, entry.data)
    }
    const id = createHash(format).update(`${type} ${data.length}\0`).update(data).digest('hex')
    bases.keep(type, data, id, entry.offset)
    if (type === 'commit') yield { type, id, parents: parentsOf(data) }
    if (type === 'tag')
      yield { type, id, target: data.toString('latin1', 'object '.length, data.indexOf('\n')) }
  }
}

/** The `parent` lines of a commit's head, which follow its `tree` line. */
function parentsOf(commit: Buffer): string[] {
  const parents: string[] = []
  const head = commit.subarray(0, Math.max(0, commit.indexOf('\nauthor ')))
  for (const line of head.toString('latin1').split('\n')) {
    if (line.startsWith('parent ')) parents.push(line.slice('parent '.length))
  }
  return parents
}

const COMPACT_AFTER = 100_000

interface Base {
  type: string
  data: Buffer
  offset: number
}

/** The latest objects, by id and by offset in the pack. */
class BaseStore {
  readonly #objects = new Map<string, Base>()
  readonly #idsByOffset = new Map<number, string>()
  /** The oldest first, from `#dropped` on. (A Map finds its oldest entry slowly once many were deleted.) */
  #ids: string[] = []
  #dropped = 0
  #bytes = 0

  keep(type: string, data: Buffer, id: string, offset: number): void {
    if (this.#objects.has(id)) return
    // A copy, as small ones share memory where inflated ones have some each.
    this.#objects.set(id, { type, data: Buffer.from(data), offset })
    this.#idsByOffset.set(offset, id)
    this.#ids.push(id)
    this.#bytes += data.length
    while (this.#bytes > MAX_KEPT_BYTES) this.#drop(this.#ids[this.#dropped++] as string)
    if (this.#dropped < COMPACT_AFTER) return
    this.#ids = this.#ids.slice(this.#dropped)
    this.#dropped = 0
  }

  get(base: string | number): Base {
    const found = this.#objects.get(typeof base === 'number' ? (this.#idsByOffset.get(base) ?? '') : base)
    if (!found) throw new ProtocolError('a delta in the pack has no base in it')
    return found
  }

  #drop(id: string): void {
    const { data, offset } = this.#objects.get(id) as Base
    this.#objects.delete(id)
    this.#idsByOffset.delete(offset)
    this.#bytes -= data.length
  }
}
