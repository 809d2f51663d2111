import { GitSyncError } from '../../errors.js'
import { Pace } from '../../runtime/yield.js'
import { ProtocolError } from '../packets/protocol-error.js'
import { hashSize, type ObjectFormat } from '../refs/object-id.js'
import { applyDelta, deltaResultSize } from './delta.js'
import { DeltaBases } from './delta-bases.js'
import { type HistoryObject, idOf, parseHistoryObject, type WholeObject } from './history-object.js'
import { SeenObjects } from './object-offsets.js'
import { OpenDeltas } from './open-deltas.js'
import type { ObjectType, PackEntry } from './pack-entry.js'
import { readPackObjects } from './pack-parser.js'

export type { Commit, HistoryObject } from './history-object.js'

/** Gives the pack of just these objects; undefined where they cannot be had, so that deltas on them are passed over. */
export type FetchObjects = (ids: readonly string[]) => Promise<AsyncIterable<Buffer> | undefined>

/** What a reader looks for in a pack. */
export interface Interest<T> {
  /** Whether an object may be told of, or be the base of one that is. Of a delta's result the size alone is known. */
  concerns(type: ObjectType | undefined, size: number): boolean
  /** Whether a delta that makes so many bytes is worth fetching a base again that has gone by. */
  isWorthFetching(size: number): boolean
  tell(object: WholeObject, id: string, pace: Pace): Promise<T | undefined>
}

const HISTORY: Interest<HistoryObject> = {
  concerns: () => true,
  isWorthFetching: () => true,
  tell: parseHistoryObject,
}

export interface PackSource {
  format: ObjectFormat
  fetchObjects: FetchObjects
  signal: AbortSignal | undefined
}

/** Objects of one history: some six times the commits of the largest public ones, and some 300 MB of offsets and ids. */
const MAX_HISTORY = 10_000_000
/** Bases that are asked for at once. */
const BASES_AT_ONCE = 5_000
/** Bytes of objects that wait, while bases are fetched, to be bases themselves. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024
/** Bytes that a history may make of each that was sent, twice what deflate alone can, and on top of that. */
const MAX_EXPANSION = 2000
const FREE_EXPANSION = 1024 ** 3

/**
 * The commits and tags of a pack, as it streams in, a few at a time; other objects are passed over. Each may be a delta on another,
 * which may have gone by long ago: such bases are fetched again, so that memory stays small.
 *
 * @throws ProtocolError for a damaged pack, or one that makes far more of its bytes than any history does; GitSyncError
 *   `pack_limit_exceeded` for more objects than `MAX_HISTORY`; the signal's reason
 */
export function readHistory(
  chunks: AsyncIterable<Buffer>,
  format: ObjectFormat,
  fetchObjects: FetchObjects,
  signal?: AbortSignal,
): AsyncGenerator<HistoryObject[]> {
  return readObjects(chunks, { format, fetchObjects, signal }, HISTORY)
}

/** What the objects of a pack tell, of whatever kind is of interest: as `readHistory`. */
export function readObjects<T>(
  chunks: AsyncIterable<Buffer>,
  source: PackSource,
  interest: Interest<T>,
): AsyncGenerator<T[]> {
  return new ObjectReader(source, interest).read(chunks)
}

class ObjectReader<T> {
  readonly #source: PackSource
  readonly #interest: Interest<T>
  readonly #seen: SeenObjects
  #open = new OpenDeltas()
  readonly #pace: Pace
  #received = 0
  #made = 0

  constructor(source: PackSource, interest: Interest<T>) {
    this.#source = source
    this.#interest = interest
    this.#seen = new SeenObjects(hashSize(source.format))
    this.#pace = new Pace(source.signal)
  }

  async *read(chunks: AsyncIterable<Buffer>): AsyncGenerator<T[]> {
    const bases = new DeltaBases()
    for await (const entries of this.#entries(chunks)) {
      const found: T[] = []
      for (const entry of entries) {
        const object = await this.#readEntry(entry, bases)
        if (object) found.push(object)
      }
      yield found
      while (this.#open.isFull) yield* this.#closeSome()
    }
    while (this.#open.size > 0) yield* this.#closeSome()
  }

  /** What an entry of the pack refers to, if that is known yet, and if it is of interest. */
  async #readEntry(entry: PackEntry, bases: DeltaBases): Promise<T | undefined> {
    if (this.#seen.length === MAX_HISTORY) throw tooLong()
    const number = this.#seen.add(entry.offset)
    if (!this.#concerns(entry)) {
      this.#seen.passOver(number)
      return undefined
    }
    const object = await this.#wholeObject(entry, bases)
    if (!object) {
      this.#leaveOpen(entry, number)
      return undefined
    }
    const id = await this.#idOf(object)
    this.#seen.setId(number, id)
    bases.keep(object, id, entry.offset)
    return this.#interest.tell(object, id, this.#pace)
  }

  #concerns(entry: PackEntry): boolean {
    if (entry.type === 'passed-over') return true
    if (entry.type !== 'ref-delta' && entry.type !== 'ofs-delta')
      return this.#interest.concerns(entry.type, entry.data.length)
    return this.#interest.concerns(undefined, deltaResultSize(entry.data))
  }

  /** Undefined for a delta whose base is not at hand, and for what was passed over. */
  async #wholeObject(entry: PackEntry, bases: DeltaBases): Promise<WholeObject | undefined> {
    if (entry.type === 'passed-over') return undefined
    if (entry.type !== 'ref-delta' && entry.type !== 'ofs-delta') return entry
    const base = bases.get(entry.base)
    return base && this.#apply(base, entry.data)
  }

  #leaveOpen(entry: PackEntry, number: number): void {
    const base = this.#baseOf(entry)
    if (
      base === undefined ||
      !('data' in entry) ||
      !this.#interest.isWorthFetching(deltaResultSize(entry.data))
    )
      this.#seen.passOver(number)
    else this.#open.add(base, { number, data: entry.data })
  }

  /** A delta's base: its id, or its number where it is an open delta itself; undefined where it was passed over. */
  #baseOf(entry: PackEntry): string | number | undefined {
    if (entry.type === 'ref-delta') return entry.base
    if (entry.type !== 'ofs-delta') return undefined
    const number = this.#seen.find(entry.base)
    if (number === undefined || entry.base >= entry.offset)
      throw new ProtocolError('a delta in the pack has no base')
    return this.#seen.isPassedOver(number) ? undefined : (this.#seen.id(number) ?? number)
  }

  /** Fetches bases of open deltas, as many as are asked for at once, and closes what depends on them. */
  async *#closeSome(): AsyncGenerator<T[]> {
    const before = this.#open.size
    const pack = await this.#source.fetchObjects(this.#open.bases(BASES_AT_ONCE))
    if (!pack) {
      this.#open = new OpenDeltas()
      return
    }
    const bases = new DeltaBases()
    for await (const entries of this.#entries(pack)) {
      for (const entry of entries) {
        const object = await this.#wholeObject(entry, bases)
        if (!object) continue
        const id = await this.#idOf(object)
        bases.keep(object, id, entry.offset)
        yield* this.#close(object, id)
      }
    }
    if (this.#open.size === before) throw new ProtocolError('a delta in the pack has no base')
  }

  /**
   * What the open deltas on an object make, and the deltas on those. What there is no room for to wait stays open on
   * its base's id.
   */
  async *#close(base: WholeObject, baseId: string): AsyncGenerator<T[]> {
    const waiting = [{ ...base, id: baseId }]
    let bytes = base.data.length
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      for (const { number, data } of this.#open.take(next.id)) {
        const object = await this.#apply(next, data)
        const id = await this.#idOf(object)
        this.#seen.setId(number, id)
        this.#open.name(number, id)
        const told = await this.#interest.tell(object, id, this.#pace)
        if (told) yield [told]
        if (!this.#open.has(id) || bytes + object.data.length > MAX_WAITING_BYTES) continue
        waiting.push({ ...object, id })
        bytes += object.data.length
      }
      bytes -= next.data.length
    }
  }

  async #apply(base: WholeObject, delta: Buffer): Promise<WholeObject> {
    const data = await applyDelta(base.data, delta, this.#pace)
    this.#count(data.length)
    return { type: base.type, data }
  }

  #idOf(object: WholeObject): Promise<string> {
    return idOf(object, this.#source.format, this.#pace)
  }

  async *#entries(chunks: AsyncIterable<Buffer>): AsyncGenerator<PackEntry[]> {
    const { format, signal } = this.#source
    const received = this.#counted(chunks)
    for await (const entries of readPackObjects(received, hashSize(format), signal)) {
      for (const entry of entries) this.#count('data' in entry ? entry.data.length : entry.size)
      yield entries
    }
  }

  async *#counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#received += chunk.length
      yield chunk
    }
  }

  #count(bytes: number): void {
    this.#made += bytes
    if (this.#made <= FREE_EXPANSION + MAX_EXPANSION * this.#received) return
    throw new ProtocolError(`the pack makes more than ${MAX_EXPANSION} bytes of each that was sent`)
  }
}

function tooLong(): GitSyncError {
  const message = `The source has a history of more than ${MAX_HISTORY} objects, which is the most that git-sync can read: sync fewer refs at a time.`
  return new GitSyncError('pack_limit_exceeded', message)
}
