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
const MAX_KEPT_BYTES = 64 * 1024 * 1024

/**
 * The commits and tags of a pack, as it streams in; other objects are passed over. Each may be a delta on another.
 *
 * @throws ProtocolError for a damaged pack, and where a delta's base is not among the last 64 MiB of objects
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
    bases.keep({ type, data }, id, entry.offset)
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

interface Base {
  type: string
  data: Buffer
}

/** The latest objects, by id and by offset in the pack. */
class BaseStore {
  readonly #objects = new Map<string | number, Base>()
  readonly #order: { id: string; offset: number; size: number }[] = []
  #bytes = 0
  #dropped = 0

  keep(base: Base, id: string, offset: number): void {
    this.#objects.set(id, base)
    this.#objects.set(offset, base)
    this.#order.push({ id, offset, size: base.data.length })
    this.#bytes += base.data.length
    while (this.#bytes > MAX_KEPT_BYTES) {
      const oldest = this.#order[this.#dropped++]
      if (!oldest) return
      this.#objects.delete(oldest.id)
      this.#objects.delete(oldest.offset)
      this.#bytes -= oldest.size
    }
  }

  get(base: string | number): Base {
    const found = this.#objects.get(base)
    if (!found) throw new ProtocolError('a delta in the pack has no base in it')
    return found
  }
}
