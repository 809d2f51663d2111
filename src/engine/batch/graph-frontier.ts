import { GitSyncError } from '../../errors.js'
import { Pace } from '../../runtime/yield.js'
import { setting, worded } from '../../wording.js'
import type { Frontier } from './frontier.js'
import type { CutOrder } from './graph/cut-order.js'

/** The last part of the wanted size in which a cut with fewer heads is looked for. */
const WINDOW = 0.15
/** Each head of a batch needs a temporary ref on the target; a real history has a handful. */
const MAX_HEADS = 100_000
/** Microseconds for one commit. */
const COMMIT = 0.05

interface Place {
  end: number
  /** Places of the heads in the order, and their ids. */
  heads: readonly number[]
  headIds: readonly string[]
}

/** The first commits of an order in which parents come before their children. */
export class GraphFrontier implements Frontier {
  readonly #order: CutOrder
  readonly #heads: readonly number[]
  readonly #signal: AbortSignal | undefined
  readonly end: number
  readonly headIds: readonly string[]

  private constructor(order: CutOrder, { end, heads, headIds }: Place, signal: AbortSignal | undefined) {
    this.#order = order
    this.#heads = heads
    this.#signal = signal
    this.end = end
    this.headIds = headIds
  }

  /** The empty one. The signal aborts every call on it, and on those that follow. */
  static begin(order: CutOrder, signal?: AbortSignal): GraphFrontier {
    return new GraphFrontier(order, { end: 0, heads: [], headIds: [] }, signal)
  }

  get isWhole(): boolean {
    return this.end === this.#order.length
  }

  get remaining(): number {
    return this.#order.length - this.end
  }

  /** Goes a little less far where that leaves fewer heads. @throws GitSyncError `pack_limit_exceeded` for too many heads */
  async advance(commits: number): Promise<GraphFrontier> {
    const pace = new Pace(this.#signal)
    const last = Math.min(this.end + Math.max(1, Math.floor(commits)), this.#order.length)
    const earliest = last === this.#order.length ? last : last - Math.floor((last - this.end) * WINDOW)
    let end = last
    for (let at = last - 1; at >= earliest; at--) {
      if (this.#order.headCount(at) < this.#order.headCount(end)) end = at
      if (pace.spend(COMMIT)) await pace.turn()
    }
    if (end < this.#order.length && this.#order.headCount(end) > MAX_HEADS) throw tooWide()
    const heads = await this.#order.headsAt(end, { end: this.end, heads: this.#heads }, pace)
    const headIds: string[] = []
    for (const place of heads) {
      headIds.push(this.#order.id(place))
      if (pace.spend()) await pace.turn()
    }
    return new GraphFrontier(this.#order, { end, heads, headIds }, this.#signal)
  }

  async halfwayTo(next: Frontier): Promise<GraphFrontier | undefined> {
    const commits = next.end - this.end
    return commits > 1 ? this.advance(Math.floor(commits / 2)) : undefined
  }
}

function tooWide(): GitSyncError {
  const hint = worded`lower ${setting('options.targetMaxRefUpdates')}, sync fewer refs at a time, or raise the target's own limit`
  const message = worded`The source has more than ${MAX_HEADS} commits side by side, and a transfer in batches would need a temporary ref for each: ${hint}.`
  return new GitSyncError('pack_limit_exceeded', message)
}
