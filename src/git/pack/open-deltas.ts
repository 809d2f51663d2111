/** Limits of those that are held before they are closed: bytes, and deltas, as the least of them takes some 300 bytes. */
const MAX_BYTES = 16 * 1024 * 1024
const MAX_DELTAS = 50_000

export interface OpenDelta {
  /** Its number among the pack's objects. */
  number: number
  data: Buffer
}

/** Deltas whose base is not at hand, by that base: its id, or its number where it is such a delta itself. */
export class OpenDeltas {
  readonly #byBase = new Map<string | number, OpenDelta[]>()
  #size = 0
  #bytes = 0

  get size(): number {
    return this.#size
  }

  /** They are to be closed before more come. */
  get isFull(): boolean {
    return this.#bytes >= MAX_BYTES || this.#size >= MAX_DELTAS
  }

  add(base: string | number, delta: OpenDelta): void {
    this.#put(base, [delta])
    this.#size++
    this.#bytes += delta.data.length
  }

  /** The base's id has become known. */
  name(number: number, id: string): void {
    const deltas = this.#byBase.get(number)
    if (!deltas) return
    this.#byBase.delete(number)
    this.#put(id, deltas)
  }

  has(base: string): boolean {
    return this.#byBase.has(base)
  }

  /** Returns the deltas on a base and forgets them. */
  take(base: string): OpenDelta[] {
    const deltas = this.#byBase.get(base) ?? []
    this.#byBase.delete(base)
    this.#size -= deltas.length
    for (const { data } of deltas) this.#bytes -= data.length
    return deltas
  }

  /** Some of the bases whose ids are known. The base of a chain of open deltas stands for all of them. */
  bases(most: number): string[] {
    const ids: string[] = []
    for (const base of this.#byBase.keys()) {
      if (typeof base === 'string') ids.push(base)
      if (ids.length === most) break
    }
    return ids
  }

  #put(base: string | number, deltas: OpenDelta[]): void {
    const others = this.#byBase.get(base)
    if (others) for (const delta of deltas) others.push(delta)
    else this.#byBase.set(base, deltas)
  }
}
