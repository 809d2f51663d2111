import { copyRefs, type Stage } from './stage.js'

/** After both sides were alike, the source's branch `topic` makes room for `topic/sub`. Gives the target's refs. */
export async function replaceBranchByFolder({
  source,
  target,
}: Pick<Stage, 'source' | 'target'>): Promise<Record<string, string>> {
  await source.commit('main')
  await source.commit('topic')
  await copyRefs(source, target)
  await source.delete('topic')
  await source.commit('topic/sub')
  return target.refs()
}
