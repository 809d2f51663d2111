import { forEachYielding, Pace } from '../../runtime/yield.js'
import type { Context } from '../push/push-state.js'
import type { BatchWeight } from './batch-weight.js'
import { DepthFrontier } from './depth-frontier.js'
import type { Frontier } from './frontier.js'
import { orderCommits } from './graph/commit-order.js'
import { CutOrder } from './graph/cut-order.js'
import { commitsOf, readGraph } from './graph/read-graph.js'
import { GraphFrontier } from './graph-frontier.js'
import { TUNING } from './tuning.js'

export interface Beginning {
  /** Before anything of the history that is to be brought. */
  frontier: Frontier
  /** What one advance of it may weigh: an estimate. */
  bytesEach: number
}

/** Where a transfer in batches begins: with the history's graph, or with its depths where the source has no filter. */
export function beginBatches(
  context: Context,
  wants: readonly string[],
  weight: BatchWeight,
  limit: number,
): Promise<Beginning> {
  return (context.remotes.source.canFilter ? byGraph : byDepth)(context, wants, weight, limit)
}

async function byGraph(
  context: Context,
  wants: readonly string[],
  weight: BatchWeight,
  limit: number,
): Promise<Beginning> {
  const { graph, bytes } = await readGraph(context, wants)
  const { signal } = context.run
  const pace = new Pace(signal)
  const tips = await commitsOf(graph, await inOrder(context, wants), pace)
  const order = await orderCommits(graph, tips, pace)
  const frontier = GraphFrontier.begin(await CutOrder.of(graph, order, pace), signal)
  const isSmall = bytes * TUNING.mostGrowth < limit
  const guess = (bytes * TUNING.usualGrowth) / Math.max(1, graph.commits)
  return { frontier, bytesEach: isSmall ? guess : await sample(frontier, weight, limit) }
}

async function byDepth(
  context: Context,
  wants: readonly string[],
  weight: BatchWeight,
  limit: number,
): Promise<Beginning> {
  const { source } = context.remotes
  const frontier = await DepthFrontier.begin({
    tips: await inOrder(context, wants),
    commitsAt: (depth, tip) => source.commitsAt(depth, [tip]),
    isHeld: (commits, heads) => weight.isHeld(commits, heads),
  })
  return { frontier, bytesEach: await sample(frontier, weight, limit) }
}

/** Weighs a part of the history that is well below the limit. */
async function sample(from: Frontier, weight: BatchWeight, limit: number): Promise<number> {
  for (let part = Math.ceil(from.remaining / TUNING.samples); part > 0; part = Math.floor(part / 4)) {
    const to = await from.advance(part)
    const bytes = await weight.weigh(from, to, limit * TUNING.sampleShare)
    if (bytes !== 'over') return bytes / (to.end - from.end)
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
