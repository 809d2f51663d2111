import { takeTurn } from '../../git/turns.js'
import type { CommitGraph } from './commit-graph.js'
import type { Prefix } from './prefix.js'

/** Of the wished size of a step, the last part in which a cut with fewer heads is looked for. */
const WINDOW = 0.15
const STEPS = 10_000

/** A prefix of an order of commits in which parents come before their children. */
export class GraphPrefix implements Prefix {
  readonly #graph: CommitGraph
  readonly #order: Uint32Array
  readonly #heads: ReadonlySet<number>
  readonly end: number

  constructor(graph: CommitGraph, order: Uint32Array, end = 0, heads: ReadonlySet<number> = new Set()) {
    this.#graph = graph
    this.#order = order
    this.end = end
    this.#heads = heads
  }

  get isWhole(): boolean {
    return this.end === this.#order.length
  }

  get remaining(): number {
    return this.#order.length - this.end
  }

  get headIds(): string[] {
    return [...this.#heads].map((commit) => this.#graph.id(commit))
  }

  /** A little less far where it then has fewer heads. */
  async advance(commits: number): Promise<GraphPrefix> {
    const last = Math.min(this.end + Math.max(1, Math.floor(commits)), this.#order.length)
    const earliest = last === this.#order.length ? last : last - Math.floor((last - this.end) * WINDOW)
    let best = last
    let fewest = Number.POSITIVE_INFINITY
    await this.#walk(last, (heads, end) => {
      if (end < earliest || heads.size > fewest) return
      best = end
      fewest = heads.size
    })
    return new GraphPrefix(this.#graph, this.#order, best, await this.#walk(best))
  }

  async halfwayTo(next: Prefix): Promise<GraphPrefix | undefined> {
    const commits = next.end - this.end
    return commits > 1 ? this.advance(Math.floor(commits / 2)) : undefined
  }

  /** The heads of the prefix that ends at `end`; the event loop gets its turn. */
  async #walk(end: number, visit?: (heads: ReadonlySet<number>, end: number) => void): Promise<Set<number>> {
    const heads = new Set(this.#heads)
    for (let at = this.end; at < end; at++) {
      const commit = this.#order[at] as number
      for (let place = 0; place < this.#graph.parentCount(commit); place++) {
        heads.delete(this.#graph.parent(commit, place))
      }
      heads.add(commit)
      visit?.(heads, at + 1)
      if (at % STEPS === STEPS - 1) await takeTurn()
    }
    return heads
  }
}
