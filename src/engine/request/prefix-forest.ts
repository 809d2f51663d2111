/**
 * Distinct strings in order, each below the longest other that it begins with. Sorted strings make such a forest
 * by themselves: what begins with one follows it at once, so that everything here is a binary search or one pass.
 */
export class PrefixForest {
  readonly keys: readonly string[]
  readonly #parents: Int32Array
  readonly #ends: Int32Array

  constructor(strings: Iterable<string>) {
    // By code units, as without a function strings are sorted.
    this.keys = [...new Set(strings)].sort()
    this.#parents = new Int32Array(this.keys.length).fill(-1)
    this.#ends = new Int32Array(this.keys.length).fill(this.keys.length)
    const path: number[] = []
    for (const [at, key] of this.keys.entries()) {
      for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
        if (key.startsWith(this.keys[top] as string)) {
          this.#parents[at] = top
          break
        }
        this.#ends[top] = at
        path.pop()
      }
      path.push(at)
    }
  }

  /** The longest key that a text begins with, then ever shorter ones. */
  *prefixesOf(text: string): Generator<number, void> {
    for (let at = this.longestPrefixOf(text); at >= 0; at = this.parentOf(at)) yield at
  }

  /** Where the longest key is that a text begins with; -1 where there is none. */
  longestPrefixOf(text: string): number {
    let at = this.lowerBound(text)
    if (this.keys[at] === text) return at
    // It is the key before, or one that the key before begins with.
    at--
    if (at < 0) return -1
    const shared = sharedLength(this.keys[at] as string, text)
    while (at >= 0 && (this.keys[at] as string).length > shared) at = this.parentOf(at)
    return at
  }

  /** Where the longest other key is that this one begins with; -1 where there is none. */
  parentOf(at: number): number {
    return this.#parents[at] as number
  }

  /** Behind the last key that begins with this one. */
  endOf(at: number): number {
    return this.#ends[at] as number
  }

  /** Where the first key is that does not come before a text. */
  lowerBound(text: string): number {
    let [low, high] = [0, this.keys.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.keys[middle] as string) < text) low = middle + 1
      else high = middle
    }
    return low
  }
}

function sharedLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length++
  return length
}
