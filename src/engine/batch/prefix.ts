import type { CommitGraph } from './commit-graph.js'

/** Of the wished size of a step, the last part in which a cut with fewer heads is looked for. */
const WINDOW = 0.15

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
  advance(commits: number): Prefix {
    const last = Math.min(this.end + Math.max(1, commits), this.#order.length)
    const earliest = last - Math.floor((last - this.end) * WINDOW)
    const heads = new Set(this.heads)
    let best: Prefix | undefined
    for (let at = this.end; at < last; at++) {
      this.#take(heads, this.#order[at] as number)
      const isCandidate =
        at + 1 >= earliest && (!best || heads.size <= best.heads.size || at + 1 === this.#order.length)
      if (isCandidate) best = new Prefix(this.#graph, this.#order, at + 1, new Set(heads))
    }
    return best ?? this
  }

  #take(heads: Set<number>, commit: number): void {
    for (let place = 0; place < this.#graph.parentCount(commit); place++) {
      heads.delete(this.#graph.parent(commit, place))
    }
    heads.add(commit)
  }
}
