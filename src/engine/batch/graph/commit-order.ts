import type { Pace } from '../../../runtime/yield.js'
import type { CommitGraph } from './commit-graph.js'

/** Microseconds for one commit or one parent. */
const EDGE = 0.05

/**
 * All commits that `tips` reach, parents before children: depth first, first parent first, tip by tip. Any beginning
 * of it is closed under ancestry and has few heads. Yields to the event loop.
 */
export async function orderCommits(
  graph: CommitGraph,
  tips: Iterable<number>,
  pace: Pace,
): Promise<Uint32Array> {
  const order = new Uint32Array(graph.commits)
  const seen = new Uint8Array(graph.size)
  const stack = new Uint32Array(graph.commits)
  const nextParent = new Uint32Array(graph.commits)
  let ordered = 0
  for (const tip of tips) {
    if (seen[tip]) continue
    let depth = 0
    stack[0] = tip
    nextParent[0] = 0
    seen[tip] = 1
    while (depth >= 0) {
      if (pace.spend(EDGE)) await pace.turn()
      const commit = stack[depth] as number
      const place = nextParent[depth] as number
      if (place === graph.parentCount(commit)) {
        order[ordered++] = commit
        depth--
        continue
      }
      nextParent[depth] = place + 1
      const parent = graph.parent(commit, place)
      if (seen[parent] || !graph.hasCommit(parent)) continue
      seen[parent] = 1
      depth++
      stack[depth] = parent
      nextParent[depth] = 0
    }
  }
  return order.subarray(0, ordered)
}
