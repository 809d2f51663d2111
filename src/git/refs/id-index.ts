import { IdList } from './id-list.js'
import { keyedHash } from './keyed-hash.js'

const NONE = 0xffffffff
const PARTS = 256
const FIRST_SLOTS = 64

/** Numbers object ids in the order of their insertion, and looks them up; 30 bytes an id. */
export class IdIndex {
  readonly #ids: IdList
  /** Hash tables of numbers. Each grows by itself, so that no single growth takes long. */
  readonly #parts: Uint32Array[]
  readonly #counts = new Uint32Array(PARTS)

  constructor(idBytes: number) {
    this.#ids = new IdList(idBytes)
    this.#parts = Array.from({ length: PARTS }, () => new Uint32Array(FIRST_SLOTS).fill(NONE))
  }

  get size(): number {
    return this.#ids.length
  }

  id(number: number): string {
    return this.#ids.at(number)
  }

  find(id: Buffer): number | undefined {
    const number = this.#slotOf(id, this.#hash(id)).number
    return number === NONE ? undefined : number
  }

  /** The number of an id, new or known. */
  intern(id: Buffer): number {
    const hash = this.#hash(id)
    const { slot, number } = this.#slotOf(id, hash)
    if (number !== NONE) return number
    const part = hash % PARTS
    const added = this.#ids.push(id)
    const slots = this.#parts[part] as Uint32Array
    slots[slot] = added
    const count = (this.#counts[part] as number) + 1
    this.#counts[part] = count
    if (count * 2 > slots.length) this.#parts[part] = this.#grown(slots)
    return added
  }

  #hash(id: Buffer): number {
    return keyedHash(id, 0, this.#ids.idBytes)
  }

  /** The slot of an id, or the free slot for it. */
  #slotOf(id: Buffer, hash: number): { slot: number; number: number } {
    const slots = this.#parts[hash % PARTS] as Uint32Array
    for (let slot = firstSlot(hash, slots); ; slot = slot + 1 === slots.length ? 0 : slot + 1) {
      const number = slots[slot] as number
      if (number === NONE || this.#ids.equals(number, id)) return { slot, number }
    }
  }

  /** All ids differ, so each gets the first free slot without a comparison. */
  #grown(slots: Uint32Array): Uint32Array {
    const larger = new Uint32Array(slots.length * 2).fill(NONE)
    for (const number of slots) {
      if (number === NONE) continue
      let slot = firstSlot(this.#ids.hash(number), larger)
      while (larger[slot] !== NONE) slot = slot + 1 === larger.length ? 0 : slot + 1
      larger[slot] = number
    }
    return larger
  }
}

function firstSlot(hash: number, slots: Uint32Array): number {
  return Math.floor(hash / PARTS) % slots.length
}
