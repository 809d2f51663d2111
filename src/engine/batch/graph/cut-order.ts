import type { Pace } from '../../../runtime/yield.js'
import type { CommitGraph } from './commit-graph.js'

const NONE = 0xffffffff
/** Microseconds for one commit or one parent. */
const EDGE = 0.05

/**
 * An order of commits in which parents come before their children, with the heads at each cut through it: the commits
 * before the cut that have no child before it.
 */
export class CutOrder {
  readonly #graph: CommitGraph
  readonly #order: Uint32Array
  /** By place in the order: the place of the first child, or NONE. */
  readonly #firstChild: Uint32Array
  /** By the place of the cut. */
  readonly #headCounts: Uint32Array

  private constructor(graph: CommitGraph, order: Uint32Array) {
    this.#graph = graph
    this.#order = order
    this.#firstChild = new Uint32Array(order.length).fill(NONE)
    this.#headCounts = new Uint32Array(order.length + 1)
  }

  static async of(graph: CommitGraph, order: Uint32Array, pace: Pace): Promise<CutOrder> {
    const cuts = new CutOrder(graph, order)
    await cuts.#count(pace)
    return cuts
  }

  get length(): number {
    return this.#order.length
  }

  headCount(end: number): number {
    return this.#headCounts[end] as number
  }

  /** The places of the heads at a cut, given those at an earlier one. */
  async headsAt(end: number, from: { end: number; heads: readonly number[] }, pace: Pace): Promise<number[]> {
    const heads: number[] = []
    for (const place of from.heads) {
      if (this.#isHead(place, end)) heads.push(place)
      if (pace.spend(EDGE)) await pace.turn()
    }
    for (let place = from.end; place < end; place++) {
      if (this.#isHead(place, end)) heads.push(place)
      if (pace.spend(EDGE)) await pace.turn()
    }
    return heads
  }

  id(place: number): string {
    return this.#graph.id(this.#order[place] as number)
  }

  #isHead(place: number, end: number): boolean {
    return (this.#firstChild[place] as number) >= end
  }

  async #count(pace: Pace): Promise<void> {
    const places = new Uint32Array(this.#graph.size).fill(NONE)
    let heads = 0
    for (let place = 0; place < this.#order.length; place++) {
      const commit = this.#order[place] as number
      places[commit] = place
      heads++
      for (let parent = 0; parent < this.#graph.parentCount(commit); parent++) {
        const below = places[this.#graph.parent(commit, parent)] as number
        if (pace.spend(EDGE)) await pace.turn()
        if (below === NONE || this.#firstChild[below] !== NONE) continue
        this.#firstChild[below] = place
        heads--
      }
      this.#headCounts[place + 1] = heads
      if (pace.spend(EDGE)) await pace.turn()
    }
  }
}
