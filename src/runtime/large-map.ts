/** A Map that grows beyond this blocks the event loop, as all its entries are hashed again at once. */
const MOST = 1 << 18

/** A map of millions of entries that grows without a long pause: an entry is in one of several Maps. */
export class LargeMap<K, V> {
  readonly #maps: Map<K, V>[] = []

  get(key: K): V | undefined {
    return this.#mapOf(key)?.get(key)
  }

  has(key: K): boolean {
    return this.#mapOf(key) !== undefined
  }

  set(key: K, value: V): this {
    const map = this.#mapOf(key) ?? this.#roomiest()
    map.set(key, value)
    return this
  }

  #roomiest(): Map<K, V> {
    const last = this.#maps.at(-1)
    if (last && last.size < MOST) return last
    const map = new Map<K, V>()
    this.#maps.push(map)
    return map
  }

  #mapOf(key: K): Map<K, V> | undefined {
    return this.#maps.find((map) => map.has(key))
  }
}

/** A set of the same kind. */
export class LargeSet<K> {
  readonly #entries = new LargeMap<K, true>()

  has(key: K): boolean {
    return this.#entries.has(key)
  }

  add(key: K): this {
    this.#entries.set(key, true)
    return this
  }
}
