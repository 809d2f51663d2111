/**
 * A round-robin queue over callers: first the oldest item of each caller, then the second oldest of each, and so on.
 * A caller that has been served moves to the end of the round.
 */
export class FairQueue<T extends { readonly caller: string }> implements Iterable<T> {
  readonly #byCaller = new Map<string, T[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(item: T): void {
    const line = this.#byCaller.get(item.caller)
    if (line) line.push(item)
    else this.#byCaller.set(item.caller, [item])
    this.#size++
  }

  /** Yields items in the order in which they will be served. */
  *[Symbol.iterator](): Generator<T> {
    const lines = [...this.#byCaller.values()].map((line) => [...line])
    for (let turn = 0; lines.some((line) => turn < line.length); turn++) {
      for (const line of lines) {
        const item = line[turn]
        if (item) yield item
      }
    }
  }

  /** Removes an item that is being served, and moves its caller to the end of the round. */
  serve(item: T): void {
    this.remove(item)
    const rest = this.#byCaller.get(item.caller)
    if (!rest) return
    this.#byCaller.delete(item.caller)
    this.#byCaller.set(item.caller, rest)
  }

  /** Removes an item; false if the queue does not hold it. */
  remove(item: T): boolean {
    const line = this.#byCaller.get(item.caller) ?? []
    const at = line.indexOf(item)
    if (at < 0) return false
    line.splice(at, 1)
    if (line.length === 0) this.#byCaller.delete(item.caller)
    this.#size--
    return true
  }

  /** The newest item of the caller with the most items, if `caller` has fewer. */
  surplus(caller: string): T | undefined {
    const most = [...this.#byCaller.values()].reduce<T[]>((a, b) => (b.length > a.length ? b : a), [])
    const own = this.#byCaller.get(caller)?.length ?? 0
    return most.length > own ? most.at(-1) : undefined
  }
}
