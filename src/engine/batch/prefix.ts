import type { CommitGraph } from './commit-graph.js'

/** Of the wished size of a step, the last part in which a cut with fewer heads is looked for. */
const WINDOW = 0.15
const TURN = 50_000

/** How far a transfer has come along its order of commits: a prefix, and the heads of it. */
export class Prefix {
  readonly #graph: CommitGraph
  readonly #order: Uint32Array
  readonly heads: ReadonlySet<number>
  /** How many commits it holds. */
  readonly end: number

  constructor(graph: CommitGraph, order: Uint32Array, end = 0, heads: ReadonlySet<number> = new Set()) {
    this.#graph = graph
    this.#order = order
    this.end = end
    this.heads = heads
  }

  get isWhole(): boolean {
    return this.end === this.#order.length
  }

  get remaining(): number {
    return this.#order.length - this.end
  }

  headIds(): string[] {
    return [...this.heads].map((commit) => this.#graph.id(commit))
  }

  /** The commit that comes next. */
  nextId(): string {
    return this.#graph.id(this.#order[this.end] as number)
  }

  /** The prefix about `commits` further on: a little less far where it then has fewer heads. */
  async advance(commits: number): Promise<Prefix> {
    const last = Math.min(this.end + Math.max(1, commits), this.#order.length)
    const earliest = last === this.#order.length ? last : last - Math.floor((last - this.end) * WINDOW)
    let best = last
    let fewest = Number.POSITIVE_INFINITY
    await this.#walk(last, (heads, end) => {
      if (end < earliest || heads.size > fewest) return
      best = end
      fewest = heads.size
    })
    return new Prefix(this.#graph, this.#order, best, await this.#walk(best))
  }

  /** The heads of the prefix that ends at `end`; the event loop gets its turn. */
  async #walk(end: number, visit?: (heads: ReadonlySet<number>, end: number) => void): Promise<Set<number>> {
    const heads = new Set(this.heads)
    for (let at = this.end; at < end; at++) {
      const commit = this.#order[at] as number
      for (let place = 0; place < this.#graph.parentCount(commit); place++) {
        heads.delete(this.#graph.parent(commit, place))
      }
      heads.add(commit)
      visit?.(heads, at + 1)
      if (at % TURN === TURN - 1) await new Promise(setImmediate)
    }
    return heads
  }
}
