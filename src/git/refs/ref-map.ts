import { LargeMap } from '../../runtime/large-map.js'

/**
 * A map by ref name, made for remotes that list their refs sorted: as long as names are set, and asked for, in
 * ascending order, nothing is hashed. It is a Map then in half the time and memory, else a Map, and never rebuilt.
 */
export class RefMap<V> implements ReadonlyMap<string, V> {
  readonly #names: string[] = []
  readonly #values: V[] = []
  /** So many names, from the first, ascend. */
  #sorted = 0
  /** Where the names after those are. */
  readonly #strays = new LargeMap<string, number>()
  /** Behind the name that was found last. */
  #next = 0

  get size(): number {
    return this.#names.length
  }

  set(name: string, value: V): this {
    const known = this.#known(name)
    if (known === undefined) this.#append(name, value)
    else this.#values[known] = value
    return this
  }

  /** Sets the value of a name that is new. @returns the value that the name has */
  add(name: string, value: V): V {
    const known = this.#known(name)
    if (known === undefined) this.#append(name, value)
    return known === undefined ? value : (this.#values[known] as V)
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
    let [low, high] = [0, this.#sorted]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#names[middle] as string) < name) low = middle + 1
      else high = middle
    }
    return this.#names[low] === name ? low : this.#strays.get(name)
  }

  /** The index of a name. One that arrives in order is new. */
  #known(name: string): number | undefined {
    return this.#isNext(name) ? undefined : this.#search(name)
  }

  #append(name: string, value: V): void {
    if (this.#isNext(name)) this.#sorted++
    else this.#strays.set(name, this.#names.length)
    this.#names.push(name)
    this.#values.push(value)
  }

  #isNext(name: string): boolean {
    const last = this.#names.length - 1
    return last < 0 || (this.#sorted > last && (this.#names[last] as string) < name)
  }
}
