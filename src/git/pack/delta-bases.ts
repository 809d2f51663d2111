import type { WholeObject } from './history-object.js'
import type { ObjectType } from './pack-entry.js'

/** Most bytes of objects that are kept as bases of deltas to come, and most of them. */
const MAX_BYTES = 16 * 1024 * 1024
const MAX_OBJECTS = 1 << 17

/**
 * The latest objects of a pack, for the deltas that name them by the offset where they began or by their id. They
 * lie in one ring of bytes: an object of its own for each would cost more than what it holds.
 */
export class DeltaBases {
  readonly #bytes = Buffer.allocUnsafeSlow(MAX_BYTES)
  readonly #offsets = new Float64Array(MAX_OBJECTS)
  readonly #starts = new Uint32Array(MAX_OBJECTS)
  readonly #ends = new Uint32Array(MAX_OBJECTS)
  readonly #types: ObjectType[] = []
  /** Kept from the first delta on that names its base by an id, as packs from most servers have no such deltas. */
  #byId: Map<string, number> | undefined
  readonly #ids: string[] = []
  /** Objects are numbered from the first one of the pack on; those from `#oldest` to `#next` are here. */
  #oldest = 0
  #next = 0
  #end = 0

  /** Offsets must rise. An object larger than the ring is not kept. */
  keep({ type, data }: WholeObject, id: string, offset: number): void {
    if (data.length > MAX_BYTES) return
    const start = this.#end + data.length > MAX_BYTES ? 0 : this.#end
    if (start === 0) this.#dropFrom(this.#end, MAX_BYTES)
    this.#end = start + data.length
    this.#dropFrom(start, this.#end)
    if (this.#next - this.#oldest === MAX_OBJECTS) this.#drop()
    const place = this.#next % MAX_OBJECTS
    data.copy(this.#bytes, start)
    this.#offsets[place] = offset
    this.#starts[place] = start
    this.#ends[place] = this.#end
    this.#types[place] = type
    if (this.#byId) {
      this.#ids[place] = id
      this.#byId.set(id, this.#next)
    }
    this.#next++
  }

  /** The base, valid until the next `keep`; undefined where it was dropped since, or was never kept. */
  get(base: string | number): WholeObject | undefined {
    const number = typeof base === 'number' ? this.#findOffset(base) : this.#findId(base)
    if (number === undefined) return undefined
    const place = number % MAX_OBJECTS
    const data = this.#bytes.subarray(this.#starts[place], this.#ends[place])
    return { type: this.#types[place] as ObjectType, data }
  }

  #findOffset(offset: number): number | undefined {
    let [low, high] = [this.#oldest, this.#next]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((this.#offsets[middle % MAX_OBJECTS] as number) < offset) low = middle + 1
      else high = middle
    }
    return low < this.#next && this.#offsets[low % MAX_OBJECTS] === offset ? low : undefined
  }

  #findId(id: string): number | undefined {
    this.#byId ??= new Map()
    return this.#byId.get(id)
  }

  /** Drops the objects, oldest first, that begin where new bytes will lie. */
  #dropFrom(start: number, end: number): void {
    while (this.#oldest < this.#next) {
      const place = this.#oldest % MAX_OBJECTS
      const isClear = (this.#starts[place] as number) >= end || (this.#ends[place] as number) <= start
      if (isClear) return
      this.#drop()
    }
  }

  #drop(): void {
    this.#byId?.delete(this.#ids[this.#oldest % MAX_OBJECTS] ?? '')
    this.#oldest++
  }
}
