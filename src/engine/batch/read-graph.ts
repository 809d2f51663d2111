import { hashSize } from '../../git/object-id.js'
import type { PackStream } from '../../git/pack-stream.js'
import { CountedPack } from '../counted-pack.js'
import type { Context } from '../execution.js'
import { chooseHaves } from '../haves.js'
import { CommitGraph } from './commit-graph.js'

export interface History {
  graph: CommitGraph
  /** Annotated tags, and what each points to. */
  tags: ReadonlyMap<string, string>
  /** Bytes of the pack that told all this. */
  bytes: number
}

/** The graph of the commits that are to be sent: ids and parents, by a fetch that leaves out trees and blobs. */
export async function readGraph(context: Context, wants: readonly string[]): Promise<History> {
  const { source, target } = context.remotes
  const haves = await chooseHaves(target, context.plan, source.refs, context.confirmed, context.run.signal)
  const packs: CountedPack[] = []
  const counting = (pack: PackStream) => {
    const counted = new CountedPack(pack, context)
    packs.push(counted)
    return counted
  }
  const graph = new CommitGraph(hashSize(source.objectFormat))
  const tags = new Map<string, string>()
  for await (const objects of source.history({ wants, haves, shallow: target.shallow }, 'graph', counting)) {
    for (const object of objects) {
      if (object.type === 'commit') graph.add(object)
      else tags.set(object.id, object.target)
    }
  }
  return { graph, tags, bytes: packs.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/** The commits of `ids`, tags followed, that the graph holds: those that are new to the target. */
export function commitsOf({ graph, tags }: History, ids: Iterable<string>): Set<number> {
  const found = new Set<number>()
  for (let id of ids) {
    for (let target = tags.get(id); target !== undefined; target = tags.get(id)) id = target
    const commit = graph.find(id)
    if (commit !== undefined) found.add(commit)
  }
  return found
}
