import type { Commit } from '../../git/history.js'

const NONE = 0xffffffff

/**
 * Commits and their parents, for histories of millions: ids lie in one buffer with a hash index over it, and
 * parents are numbers. About 50 bytes a commit.
 */
export class CommitGraph {
  readonly #idBytes: number
  #ids: Buffer
  #index: Uint32Array
  /** Where a commit's parents begin in `#parents`, or NONE for one that was only named as a parent. */
  #first: Uint32Array
  #parentCount: Uint16Array
  #parents: Uint32Array
  #parentsUsed = 0
  #size = 0
  #commits = 0

  constructor(idBytes: number, capacity = 1024) {
    this.#idBytes = idBytes
    this.#ids = Buffer.allocUnsafe(capacity * idBytes)
    this.#index = new Uint32Array(capacity * 2).fill(NONE)
    this.#first = new Uint32Array(capacity).fill(NONE)
    this.#parentCount = new Uint16Array(capacity)
    this.#parents = new Uint32Array(capacity * 2)
  }

  /** How many commits were added. */
  get commits(): number {
    return this.#commits
  }

  /** One more than the highest number of a commit or of a parent that was only named. */
  get size(): number {
    return this.#size
  }

  add({ id, parents }: Commit): void {
    const commit = this.#intern(id)
    if (this.#first[commit] !== NONE) return
    const numbers = parents.map((parent) => this.#intern(parent))
    if (this.#parentsUsed + numbers.length > this.#parents.length) this.#parents = grown(this.#parents)
    this.#first[commit] = this.#parentsUsed
    this.#parentCount[commit] = numbers.length
    for (const number of numbers) this.#parents[this.#parentsUsed++] = number
    this.#commits++
  }

  /** The number of a commit that was added, or undefined. */
  find(id: string): number | undefined {
    const bytes = Buffer.from(id, 'hex')
    if (bytes.length !== this.#idBytes) return undefined
    const number = this.#index[this.#slot(bytes)] as number
    return number === NONE || !this.has(number) ? undefined : number
  }

  id(commit: number): string {
    return this.#ids.toString('hex', commit * this.#idBytes, (commit + 1) * this.#idBytes)
  }

  /** Whether a number is that of a commit that was added. */
  has(number: number): boolean {
    return this.#first[number] !== NONE
  }

  parentCount(commit: number): number {
    return this.#parentCount[commit] as number
  }

  /** The parent at a place; it may be one that `has` does not know. */
  parent(commit: number, place: number): number {
    return this.#parents[(this.#first[commit] as number) + place] as number
  }

  #intern(id: string): number {
    const bytes = Buffer.from(id, 'hex')
    let slot = this.#slot(bytes)
    const known = this.#index[slot] as number
    if (known !== NONE) return known
    if (this.#size === this.#first.length) {
      this.#grow()
      slot = this.#slot(bytes)
    }
    const number = this.#size++
    bytes.copy(this.#ids, number * this.#idBytes)
    this.#index[slot] = number
    return number
  }

  /** The index slot that holds an id, or the free one where it would go. Ids are hashes, so they hash themselves. */
  #slot(id: Buffer): number {
    const slots = this.#index.length
    for (let slot = id.readUInt32LE(0) % slots; ; slot = (slot + 1) % slots) {
      const number = this.#index[slot] as number
      if (number === NONE) return slot
      const at = number * this.#idBytes
      if (this.#ids.compare(id, 0, this.#idBytes, at, at + this.#idBytes) === 0) return slot
    }
  }

  #grow(): void {
    const capacity = this.#first.length * 2
    const ids = Buffer.allocUnsafe(capacity * this.#idBytes)
    this.#ids.copy(ids)
    this.#ids = ids
    const first = new Uint32Array(capacity).fill(NONE)
    first.set(this.#first)
    this.#first = first
    const counts = new Uint16Array(capacity)
    counts.set(this.#parentCount)
    this.#parentCount = counts
    this.#index = new Uint32Array(capacity * 2).fill(NONE)
    this.#reindex()
  }

  /** All ids differ, so each takes the first free slot: nothing is compared. */
  #reindex(): void {
    const [index, ids] = [this.#index, this.#ids]
    for (let number = 0; number < this.#size; number++) {
      let slot = ids.readUInt32LE(number * this.#idBytes) % index.length
      while (index[slot] !== NONE) slot = slot + 1 === index.length ? 0 : slot + 1
      index[slot] = number
    }
  }
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2)
  larger.set(array)
  return larger
}
