import { SegmentedArray } from '../../runtime/segmented-array.js'
import { IdList } from '../refs/id-list.js'

const KNOWN = 1
const PASSED_OVER = 2

/**
 * Which object began at which offset of a pack, for packs of millions: some 30 bytes an object. Each has a number, its place in the
 * pack, and its id once that is known.
 */
export class SeenObjects {
  readonly #ids: IdList
  readonly #offsets = new SegmentedArray((items) => new Float64Array(items))
  readonly #states = new SegmentedArray((items) => new Uint8Array(items))
  readonly #noId: Buffer

  constructor(idBytes: number) {
    this.#ids = new IdList(idBytes)
    this.#noId = Buffer.alloc(idBytes)
  }

  get length(): number {
    return this.#ids.length
  }

  /** Gives the object's number. Offsets must rise. */
  add(offset: number): number {
    this.#offsets.push(offset)
    this.#states.grow()
    return this.#ids.push(this.#noId)
  }

  setId(number: number, id: string): void {
    this.#ids.set(number, Buffer.from(id, 'hex'))
    this.#states.set(number, KNOWN)
  }

  /** Undefined where it is not known, or not yet. */
  id(number: number): string | undefined {
    return this.#states.at(number) === KNOWN ? this.#ids.at(number) : undefined
  }

  /** The object is of no interest, nor is what is made of it. */
  passOver(number: number): void {
    this.#states.set(number, PASSED_OVER)
  }

  isPassedOver(number: number): boolean {
    return this.#states.at(number) === PASSED_OVER
  }

  /** The number of the object that began at an offset. */
  find(offset: number): number | undefined {
    let [low, high] = [0, this.length]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.#offsets.at(middle) < offset) low = middle + 1
      else high = middle
    }
    return low < this.length && this.#offsets.at(low) === offset ? low : undefined
  }
}
