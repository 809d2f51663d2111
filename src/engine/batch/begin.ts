import { forEachYielding, Pace } from '../../runtime/yield.js'
import type { Context } from '../push/push-state.js'
import type { BatchWeight } from './batch-weight.js'
import { DepthFrontier } from './depth-frontier.js'
import type { Frontier } from './frontier.js'
import { orderCommits } from './graph/commit-order.js'
import { CutOrder } from './graph/cut-order.js'
import { commitsOf, readGraph } from './graph/read-graph.js'
import { GraphFrontier } from './graph-frontier.js'

/** A repository is about ten times as large as its commits alone: the guess before anything was observed. */
const BYTES_PER_COMMIT_BYTE = 10
/** No repository is so heavy beside its commits: what is small even then needs no measuring. */
const MOST_BYTES_PER_COMMIT_BYTE = 1000
const SAMPLES = 64

export interface Beginning {
  /** Nothing yet of the history that is to be brought. */
  prefix: Frontier
  /** What one advance of it may weigh. */
  bytesEach: number
}

/** Where a transfer in steps begins: with the history's graph, or with its depths where the source has no filter. */
export function beginBatches(
  context: Context,
  wants: readonly string[],
  measure: BatchWeight,
  limit: number,
): Promise<Beginning> {
  return (context.remotes.source.canFilter ? byGraph : byDepth)(context, wants, measure, limit)
}

async function byGraph(
  context: Context,
  wants: readonly string[],
  measure: BatchWeight,
  limit: number,
): Promise<Beginning> {
  const { graph, bytes } = await readGraph(context, wants)
  const { signal } = context.run
  const pace = new Pace(signal)
  const tips = await commitsOf(graph, await inOrder(context, wants), pace)
  const order = await orderCommits(graph, tips, pace)
  const prefix = GraphFrontier.begin(await CutOrder.of(graph, order, pace), signal)
  const isSmall = bytes * MOST_BYTES_PER_COMMIT_BYTE < limit
  const guess = (bytes * BYTES_PER_COMMIT_BYTE) / Math.max(1, graph.commits)
  return { prefix, bytesEach: isSmall ? guess : await sample(prefix, measure, limit) }
}

async function byDepth(
  context: Context,
  wants: readonly string[],
  measure: BatchWeight,
  limit: number,
): Promise<Beginning> {
  const { source } = context.remotes
  const prefix = await DepthFrontier.begin({
    tips: await inOrder(context, wants),
    commitsAt: (depth, tip) => source.commitsAt(depth, [tip]),
    isHeld: (commits, heads) => measure.isHeld(commits, heads),
  })
  return { prefix, bytesEach: await sample(prefix, measure, limit) }
}

/** Weighs a part of the history that is well below the limit. */
async function sample(prefix: Frontier, measure: BatchWeight, limit: number): Promise<number> {
  for (let part = Math.ceil(prefix.remaining / SAMPLES); part > 0; part = Math.floor(part / 4)) {
    const to = await prefix.advance(part)
    const weight = await measure.weigh(prefix, to, limit / 4)
    if (weight !== Number.POSITIVE_INFINITY) return weight / (to.end - prefix.end)
  }
  return limit
}

/** HEAD's branch first, then other branches, then the rest. */
async function inOrder({ run, plan, remotes }: Context, wants: readonly string[]): Promise<string[]> {
  const wanted = new Set(wants)
  const [first, branches, rest] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const place = ({ sourceRef, sourceHash, kind }: Context['plan'][number]) => {
    if (!wanted.has(sourceHash)) return
    if (sourceRef === remotes.source.head) first.add(sourceHash)
    else (kind === 'branch' ? branches : rest).add(sourceHash)
  }
  await forEachYielding(plan, place, { signal: run.signal })
  return [...new Set([...first, ...branches, ...rest])]
}
