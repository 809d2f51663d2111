import type { PackStream } from '../../../git/pack/pack-stream.js'
import { hashSize } from '../../../git/refs/object-id.js'
import { Pace } from '../../../runtime/yield.js'
import { countedPack } from '../../push/counted-pack.js'
import { chooseHaves } from '../../push/haves.js'
import type { Context } from '../../push/push-state.js'
import { CommitGraph } from './commit-graph.js'

/** Bytes of the graph for each commit. */
const COMMIT = 64

/** The graph of the commits that are to be sent, with the annotated tags: ids and parents, by a fetch without trees and blobs. */
export async function readGraph(context: Context, wants: readonly string[]): Promise<CommitGraph> {
  const { source, target } = context.remotes
  const { memory, signal } = context.run
  const haves = await chooseHaves(context.remotes, context.plan, context.confirmed, signal)
  const counting = (pack: PackStream) => countedPack(pack, context)
  const graph = new CommitGraph(hashSize(source.objectFormat))
  const pace = new Pace(signal)
  for await (const objects of source.history({ wants, haves, shallow: target.shallow }, 'graph', counting)) {
    for (const object of objects) {
      await graph.add(object, pace)
      if (pace.spend(2)) await pace.turn()
    }
    await memory.hold('commit graph', graph.size * COMMIT, signal)
  }
  return graph
}

/** The commits of `ids`, tags followed, that the graph holds: those that are new to the target. Each tag is followed once. */
export async function commitsOf(graph: CommitGraph, ids: Iterable<string>, pace: Pace): Promise<number[]> {
  const seen = new Uint8Array(graph.size)
  const found: number[] = []
  for (const id of ids) {
    if (pace.spend()) await pace.turn()
    let number = graph.find(id)
    while (number !== undefined && !seen[number]) {
      seen[number] = 1
      if (graph.hasCommit(number)) found.push(number)
      number = graph.target(number)
      if (pace.spend(0.1)) await pace.turn()
    }
  }
  return found
}
