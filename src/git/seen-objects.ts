import { IdList } from './id-list.js'

/** Which object began at which offset of a pack, for packs of millions: some 30 bytes an object. */
export class SeenObjects {
  readonly #ids: IdList
  readonly #offsets: Float64Array[] = []

  constructor(idBytes: number) {
    this.#ids = new IdList(idBytes)
  }

  add(offset: number, id: Buffer): void {
    const number = this.#ids.push(id)
    if (number % SEGMENT === 0) this.#offsets.push(new Float64Array(SEGMENT))
    ;(this.#offsets.at(-1) as Float64Array)[number % SEGMENT] = offset
  }

  /** The ids at those of `offsets` where an object began. */
  idsAt(offsets: ReadonlySet<number>): Map<number, string> {
    const found = new Map<number, string>()
    for (const [segment, list] of this.#offsets.entries()) {
      for (const [place, offset] of list.entries()) {
        if (offsets.has(offset)) found.set(offset, this.#ids.at(segment * SEGMENT + place))
      }
    }
    return found
  }
}

const SEGMENT = 1 << 14
