import { forEachYielding, Pace } from '../../runtime/yield.js'
import type { Context } from '../push/push-state.js'
import type { BatchSize } from './batch-size.js'
import type { BatchWeight } from './batch-weight.js'
import { DepthFrontier } from './depth-frontier.js'
import type { Frontier } from './frontier.js'
import { orderCommits } from './graph/commit-order.js'
import { CutOrder } from './graph/cut-order.js'
import { commitsOf, readGraph } from './graph/read-graph.js'
import { GraphFrontier } from './graph-frontier.js'
import { TUNING } from './tuning.js'

/**
 * The frontier before anything that is to be sent: in the history's graph, or, where the source has no filter, in its
 * depths. `size` gets a first estimate of what an advance weighs.
 */
export async function beginBatches(
  context: Context,
  wants: readonly string[],
  weight: BatchWeight,
  size: BatchSize,
): Promise<Frontier> {
  const tips = await inOrder(context, wants)
  const { source } = context.remotes
  const frontier = source.canFilter
    ? await byGraph(context, tips)
    : await DepthFrontier.begin({
        tips,
        commitsAt: (depth, tip) => source.commitsAt(depth, [tip]),
        isHeld: (commits, heads) => weight.isHeld(commits, heads),
      })
  await sample(frontier, weight, size)
  return frontier
}

async function byGraph(context: Context, wants: readonly string[]): Promise<Frontier> {
  const graph = await readGraph(context, wants)
  const { signal } = context.run
  const pace = new Pace(signal)
  const order = await orderCommits(graph, await commitsOf(graph, wants, pace), pace)
  return GraphFrontier.begin(await CutOrder.of(graph, order, pace), signal)
}

/** Weighs a part of the history that is well below the limit. */
async function sample(from: Frontier, weight: BatchWeight, size: BatchSize): Promise<void> {
  const most = size.limit.most * TUNING.sampleShare
  for (let part = Math.ceil(from.remaining / TUNING.samples); part > 0; part = Math.floor(part / 4)) {
    const to = await from.advance(part)
    const weighed = await weight.weigh(from, to, { most, isExact: part > TUNING.few })
    if (weighed !== 'over' && (weighed.isSound || part === 1))
      return size.observe({ commits: to.end - from.end, ...weighed })
  }
  size.observe({ commits: 1, bytes: size.limit.most, objects: 0 })
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
