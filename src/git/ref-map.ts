/**
 * A map by ref name, made for remotes that list their refs sorted: as long as names are set, and asked for, in
 * ascending order, nothing is hashed. It is a Map then in half the time and memory, else a Map.
 */
export class RefMap<V> implements ReadonlyMap<string, V> {
  readonly #names: string[] = []
  readonly #values: V[] = []
  /** Where each name stands, once names came out of order. */
  #index: Map<string, number> | undefined
  /** Behind the name that was found last. */
  #next = 0

  get size(): number {
    return this.#names.length
  }

  set(name: string, value: V): this {
    const last = this.#names.length - 1
    const isNew = this.#index === undefined && (last < 0 || (this.#names[last] as string) < name)
    if (!isNew) {
      const known = this.#indexed().get(name)
      if (known !== undefined) {
        this.#values[known] = value
        return this
      }
    }
    this.#index?.set(name, last + 1)
    this.#names.push(name)
    this.#values.push(value)
    return this
  }

  get(name: string): V | undefined {
    const at = this.#find(name)
    return at === undefined ? undefined : this.#values[at]
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  *entries(): Generator<[string, V], undefined> {
    for (let at = 0; at < this.#names.length; at++) yield [this.#names[at] as string, this.#values[at] as V]
  }

  keys() {
    return this.#names.values()
  }

  values() {
    return this.#values.values()
  }

  [Symbol.iterator]() {
    return this.entries()
  }

  forEach(visit: (value: V, name: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [name, value] of this) visit(value, name, this)
  }

  #find(name: string): number | undefined {
    if (this.#names[this.#next] !== name) {
      const at = this.#search(name)
      if (at === undefined) return undefined
      this.#next = at
    }
    return this.#next++
  }

  #search(name: string): number | undefined {
    if (this.#index) return this.#index.get(name)
    let [low, high] = [0, this.#names.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#names[middle] as string) < name) low = middle + 1
      else high = middle
    }
    return this.#names[low] === name ? low : undefined
  }

  #indexed(): Map<string, number> {
    if (!this.#index) {
      this.#index = new Map()
      for (const [at, name] of this.#names.entries()) this.#index.set(name, at)
    }
    return this.#index
  }
}
