import { IdList } from '../refs/id-list.js'

const SEGMENT = 1 << 14
const KNOWN = 1
const PASSED_OVER = 2

/**
 * Which object began at which offset of a pack, for packs of millions: some 30 bytes an object. Each has a number, its place in the
 * pack, and its id once that is known.
 */
export class SeenObjects {
  readonly #ids: IdList
  readonly #offsets: Float64Array[] = []
  readonly #states: Uint8Array[] = []
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
    const number = this.#ids.push(this.#noId)
    if (number % SEGMENT === 0) {
      this.#offsets.push(new Float64Array(SEGMENT))
      this.#states.push(new Uint8Array(SEGMENT))
    }
    this.#segment(this.#offsets, number)[number % SEGMENT] = offset
    return number
  }

  setId(number: number, id: string): void {
    this.#ids.set(number, Buffer.from(id, 'hex'))
    this.#setState(number, KNOWN)
  }

  /** Undefined where it is not known, or not yet. */
  id(number: number): string | undefined {
    return this.#state(number) === KNOWN ? this.#ids.at(number) : undefined
  }

  /** The object is of no interest, nor is what is made of it. */
  passOver(number: number): void {
    this.#setState(number, PASSED_OVER)
  }

  isPassedOver(number: number): boolean {
    return this.#state(number) === PASSED_OVER
  }

  /** The number of the object that began at an offset. */
  find(offset: number): number | undefined {
    let [low, high] = [0, this.length]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.#offset(middle) < offset) low = middle + 1
      else high = middle
    }
    return low < this.length && this.#offset(low) === offset ? low : undefined
  }

  #state(number: number): number {
    return this.#segment(this.#states, number)[number % SEGMENT] as number
  }

  #setState(number: number, state: number): void {
    this.#segment(this.#states, number)[number % SEGMENT] = state
  }

  #offset(number: number): number {
    return this.#segment(this.#offsets, number)[number % SEGMENT] as number
  }

  #segment<T>(segments: readonly T[], number: number): T {
    return segments[Math.floor(number / SEGMENT)] as T
  }
}
