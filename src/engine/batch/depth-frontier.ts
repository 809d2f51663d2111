import { GitSyncError } from '../../errors.js'
import { type Frontier, newHeads } from './frontier.js'

/** The deepest known histories have a tenth of this depth: a source that goes deeper makes its commits up. */
const MAX_DEPTH = 1 << 24

/** The questions that can be asked about a history without reading its graph. */
export interface DepthHistory {
  /** Everything that is to be brought in the end; depths are counted below the first one. */
  readonly tips: readonly string[]
  /** The commits that are so deep below a tip, which is 1 deep itself. */
  commitsAt(depth: number, tip: string): Promise<readonly string[]>
  /** Whether the target has everything that `commits` reach, once it has `heads`. */
  isHeld(commits: readonly string[], heads: readonly string[]): Promise<boolean>
}

/**
 * A frontier in a source that offers no filter, and so cannot send its graph: everything that the commits at some
 * depth below the first tip reach. `deepen` makes the source name those commits without sending a pack.
 *
 *     depth   0      1      2      3      4      5      6
 *           all ─── tip ─── o ─┬── o ──── o ─┬── o ──── o   (6, the deepest: the target has it)
 *           tips               └── o ──── o ─┘
 *                                  │      │
 *                 next, at depth 3 ┘      └ this frontier, at depth 4: its heads are the two commits there
 *
 *     advance      goes to the left: the deepest brings nothing, depth 0 brings everything.
 *     halfwayTo    halves the depths between two frontiers. Between neighbouring depths it takes half of the heads
 *                  that the nearer one adds; below a single added commit (a merge may bring a whole history of its
 *                  own), half of the depth that is not held below it.
 */
export class DepthFrontier implements Frontier {
  readonly #history: DepthHistory
  /** The depth at which there is nothing to bring. */
  readonly #deepest: number
  readonly #depth: number
  readonly headIds: readonly string[]

  private constructor(history: DepthHistory, deepest: number, depth: number, headIds: readonly string[]) {
    this.#history = history
    this.#deepest = deepest
    this.#depth = depth
    this.headIds = headIds
  }

  static async begin(history: DepthHistory): Promise<DepthFrontier> {
    const deepest = await firstHeldDepth(history, firstTip(history), [])
    return new DepthFrontier(history, deepest, deepest, [])
  }

  get end(): number {
    return this.#deepest - this.#depth
  }

  get remaining(): number {
    return this.#depth
  }

  get isWhole(): boolean {
    return this.#depth === 0
  }

  async advance(amount: number): Promise<DepthFrontier> {
    const depth = Math.max(0, this.#depth - Math.max(1, Math.floor(amount)))
    const { tips } = this.#history
    const heads = depth === 0 ? tips : await this.#history.commitsAt(depth, firstTip(this.#history))
    return new DepthFrontier(this.#history, this.#deepest, depth, heads)
  }

  async halfwayTo(next: Frontier): Promise<DepthFrontier | undefined> {
    const depths = next.end - this.end
    if (depths > 1) return this.advance(depths / 2)
    const added = newHeads(this, next)
    const [only] = added
    if (only === undefined) return undefined
    const half = added.length > 1 ? added.slice(0, added.length / 2) : await this.#halfBelow(only)
    if (half.length === 0) return undefined
    return new DepthFrontier(this.#history, this.#deepest, this.#depth, [...this.headIds, ...half])
  }

  /** None where everything below a commit is held. */
  async #halfBelow(commit: string): Promise<readonly string[]> {
    const deepest = await firstHeldDepth(this.#history, commit, this.headIds)
    if (deepest <= 2) return []
    return this.#history.commitsAt(Math.max(2, Math.floor(deepest / 2)), commit)
  }
}

function firstTip({ tips }: DepthHistory): string {
  return tips[0] as string
}

/**
 * A depth below `tip` at which the target lacks nothing, and which is at most a sixteenth more than it has to be: found
 * by doubling, then by halving.
 */
async function firstHeldDepth(
  { commitsAt, isHeld }: DepthHistory,
  tip: string,
  heads: readonly string[],
): Promise<number> {
  const isNothing = async (depth: number) => {
    const commits = await commitsAt(depth, tip)
    return commits.length === 0 || isHeld(commits, heads)
  }
  let held = 2
  while (!(await isNothing(held))) {
    held *= 2
    if (held > MAX_DEPTH) throw bottomless()
  }
  for (let lacking = held / 2; held - lacking > Math.max(1, held / 16); ) {
    const middle = Math.floor((held + lacking) / 2)
    if (await isNothing(middle)) held = middle
    else lacking = middle
  }
  return held
}

function bottomless(): GitSyncError {
  const message = `The source names commits ${MAX_DEPTH} deep below a ref: no history goes so deep.`
  return new GitSyncError('source_protocol_error', message)
}
