import { hash } from 'node:crypto'
import { applyDelta } from './delta.js'
import { type BaseObject, DeltaBases } from './delta-bases.js'
import { hashSize, isObjectId, type ObjectFormat } from './object-id.js'
import { type PackEntry, readPackObjects } from './pack-objects.js'
import { ProtocolError } from './protocol-error.js'
import { SeenObjects } from './seen-objects.js'

export interface Commit {
  id: string
  parents: string[]
}

/** What tells how a history hangs together. */
export type HistoryObject = ({ type: 'commit' } & Commit) | { type: 'tag'; id: string; target: string }

/** Gives the pack of just these objects. */
export type FetchObjects = (ids: readonly string[]) => Promise<AsyncIterable<Buffer>>

/** Bases that are asked for at once. */
const BASES_AT_ONCE = 5_000

/**
 * The commits and tags of a pack, as it streams in, a few at a time; other objects are passed over. Each may be a delta on another,
 * which may have gone by long ago: such bases are fetched again at the end, so that memory stays small.
 *
 * @throws ProtocolError for a damaged pack
 */
export async function* readHistory(
  chunks: AsyncIterable<Buffer>,
  format: ObjectFormat,
  fetchObjects: FetchObjects,
): AsyncGenerator<HistoryObject[]> {
  const open = new OpenDeltas()
  const seen = new SeenObjects(hashSize(format))
  for await (const objects of readObjects(chunks, format, open)) {
    const found: HistoryObject[] = []
    for (const object of objects) {
      seen.add(object.offset, Buffer.from(object.id, 'hex'))
      keepHistory(found, object)
    }
    yield found
  }
  const missing = open.nameBases(seen)
  for (let at = 0; at < missing.length; at += BASES_AT_ONCE) {
    const bases = await fetchObjects(missing.slice(at, at + BASES_AT_ONCE))
    for await (const objects of readObjects(bases, format, new OpenDeltas())) {
      const found: HistoryObject[] = []
      for (const base of objects) for (const object of open.close(base, format)) keepHistory(found, object)
      yield found
    }
  }
  if (open.size > 0) throw new ProtocolError('a delta in the pack has no base')
}

interface PackedObject extends BaseObject {
  id: string
  offset: number
}

/** The objects whose bases are at hand; the rest go to `open`. */
async function* readObjects(
  chunks: AsyncIterable<Buffer>,
  format: ObjectFormat,
  open: OpenDeltas,
): AsyncGenerator<Iterable<PackedObject>> {
  const bases = new DeltaBases()
  for await (const entries of readPackObjects(chunks, hashSize(format)))
    yield wholeObjects(entries, format, bases, open)
}

function* wholeObjects(
  entries: Iterable<PackEntry>,
  format: ObjectFormat,
  bases: DeltaBases,
  open: OpenDeltas,
): Generator<PackedObject> {
  for (const entry of entries) {
    const object = wholeObject(entry, bases, open)
    if (!object) continue
    const id = idOf(object, format)
    bases.keep(object, id, entry.offset)
    yield { type: object.type, data: object.data, id, offset: entry.offset }
  }
}

function wholeObject(entry: PackEntry, bases: DeltaBases, open: OpenDeltas): BaseObject | undefined {
  if (entry.type !== 'ref-delta' && entry.type !== 'ofs-delta') return entry
  const base = bases.get(entry.base)
  if (base) return { type: base.type, data: applyDelta(base.data, entry.data) }
  open.add({ base: entry.base, offset: entry.offset, data: entry.data })
  return undefined
}

function idOf({ type, data }: BaseObject, format: ObjectFormat): string {
  return hash(format, Buffer.concat([Buffer.from(`${type} ${data.length}\0`), data]))
}

function keepHistory(found: HistoryObject[], { type, id, data }: PackedObject): void {
  if (type === 'commit') found.push({ type, id, parents: parentsOf(data, id.length) })
  if (type === 'tag')
    found.push({ type, id, target: headerId(data, 0, 'object ', id.length) ?? malformed(type) })
}

/** The `parent` lines of a commit's head, which follow its `tree` line. */
function parentsOf(commit: Buffer, idLength: number): string[] {
  const parents: string[] = []
  let line = commit.indexOf('\n') + 1
  while (commit.toString('latin1', line, line + PARENT.length) === PARENT) {
    parents.push(headerId(commit, line, PARENT, idLength) ?? malformed('commit'))
    line += PARENT.length + idLength + 1
  }
  return parents
}

const PARENT = 'parent '

/** The id on a line of an object's head that begins with `name`. */
function headerId(object: Buffer, line: number, name: string, idLength: number): string | undefined {
  const at = line + name.length
  const id = object.toString('latin1', at, at + idLength)
  return isObjectId(id) && object[at + idLength] === LINE_FEED ? id : undefined
}

const LINE_FEED = 10

function malformed(type: string): never {
  throw new ProtocolError(`the pack has a malformed ${type}`)
}

interface OpenDelta {
  /** The base's offset in the pack, or its id. */
  base: number | string
  offset: number
  data: Buffer
}

/** Deltas whose base is not at hand, by that base. */
class OpenDeltas {
  readonly #byBase = new Map<number | string, OpenDelta[]>()
  size = 0

  add(delta: OpenDelta): void {
    const others = this.#byBase.get(delta.base)
    if (others) others.push(delta)
    else this.#byBase.set(delta.base, [delta])
    this.size++
  }

  /** Names the bases by their ids, and gives those. The base of a chain of open deltas stands for all of them. */
  nameBases(seen: SeenObjects): string[] {
    const offsets = [...this.#byBase.keys()].filter((base) => typeof base === 'number')
    for (const [offset, id] of seen.idsAt(new Set(offsets))) {
      const deltas = this.#byBase.get(offset) ?? []
      this.#byBase.delete(offset)
      this.#byBase.set(id, [...(this.#byBase.get(id) ?? []), ...deltas])
    }
    return [...this.#byBase.keys()].filter((base) => typeof base === 'string')
  }

  /** What the deltas on `base` make, and the deltas on those. */
  *close(base: PackedObject, format: ObjectFormat): Generator<PackedObject> {
    // Its offset is one in another pack.
    const bases = [{ ...base, offset: -1 }]
    for (let next = bases.pop(); next; next = bases.pop()) {
      for (const { offset, data } of [...this.#take(next.id), ...this.#take(next.offset)]) {
        const object = { type: next.type, data: applyDelta(next.data, data) }
        const whole = { ...object, id: idOf(object, format), offset }
        bases.push(whole)
        yield whole
      }
    }
  }

  #take(base: number | string): OpenDelta[] {
    const deltas = this.#byBase.get(base) ?? []
    this.#byBase.delete(base)
    this.size -= deltas.length
    return deltas
  }
}
