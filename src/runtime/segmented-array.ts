const SEGMENT = 1 << 14

/** Numbers, millions of them: in segments, so that growing copies nothing. */
export class SegmentedArray<T extends Uint8Array | Uint32Array | Float64Array> {
  readonly #segments: T[] = []
  readonly #create: (items: number) => T
  #length = 0

  /** `create` makes a segment with room for as many items. */
  constructor(create: (items: number) => T) {
    this.#create = create
  }

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    this.set(this.grow(), value)
  }

  /** Makes room for one more item, and gives its index. */
  grow(): number {
    const index = this.#length++
    if (this.place(index) === 0) this.#segments.push(this.#create(SEGMENT))
    return index
  }

  at(index: number): number {
    return this.segment(index)[this.place(index)] as number
  }

  set(index: number, value: number): void {
    this.segment(index)[this.place(index)] = value
  }

  /** The segment that an item is in, for items that are not one number. */
  segment(index: number): T {
    return this.#segments[Math.floor(index / SEGMENT)] as T
  }

  /** The place of an item within its segment. */
  place(index: number): number {
    return index % SEGMENT
  }
}
