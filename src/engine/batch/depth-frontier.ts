import { GitSyncError } from '../../errors.js'
import { type Frontier, newHeads } from './frontier.js'

/** The deepest histories known are a tenth of this: below it, a source makes up its commits. */
const MAX_DEPTH = 1 << 24

/** What is known of a history without its graph. */
export interface DepthHistory {
  /** All that is to be brought in the end; the first one is walked. */
  readonly tips: readonly string[]
  /** The commits that are so deep below a tip, which is 1 deep itself. */
  commitsAt(depth: number, tip: string): Promise<readonly string[]>
  /** Whether the target has all that `commits` reach, once it has `heads`. */
  isHeld(commits: readonly string[], heads: readonly string[]): Promise<boolean>
}

/**
 * A prefix of the history of a source that offers no filter, and so does not tell its graph: all that the commits at
 * some depth below the first tip reach. The source names those commits without any pack. At depth 0 it is whole.
 */
export class DepthFrontier implements Frontier {
  readonly #history: DepthHistory
  /** Where nothing is held yet, or nothing that the target lacks. */
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

  /** Between neighbouring depths, half of what the nearer one adds; of a single commit, half of what lies below it. */
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

  /** None where all that lies below a commit is held. A merge of something old may bring a whole history. */
  async #halfBelow(commit: string): Promise<readonly string[]> {
    const deepest = await firstHeldDepth(this.#history, commit, this.headIds)
    if (deepest <= 2) return []
    return this.#history.commitsAt(Math.max(2, Math.floor(deepest / 2)), commit)
  }
}

function firstTip({ tips }: DepthHistory): string {
  return tips[0] as string
}

/** A depth at which, below `tip`, there is nothing that the target lacks, not much beyond the first such. */
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
