import { GitSyncError } from '../errors.js'
import { ExcessError } from '../git/protocol-error.js'
import type { ReceivePack } from '../git/receive-pack.js'
import type { UploadPack } from '../git/upload-pack.js'
import type { Context } from './execution.js'
import { MAX_HAVES } from './haves.js'
import type { PlannedRef } from './plan.js'

const FIRST_DEPTH = 8
const MAX_DEPTH = 1 << 16
const MAX_TIPS = 8

/**
 * Finds out what the target has below tips that the source has forgotten, as after a rewrite: to such a source a tip
 * says nothing, and it would send the whole history again. The target's own upload-pack names ancestors, ever deeper,
 * until the source knows one. What was learned is added to `confirmed`. A remote that will not answer is let be.
 */
export async function learnHaves({ job, remotes, plan, confirmed }: Context): Promise<void> {
  const { source, target } = remotes
  const writes = plan.filter(({ action }) => action === 'create' || action === 'update')
  const tips = doubtfulTips(remotes, writes, job.overwrite)
  if (tips.length === 0) return
  const held = new Set(target.refs.values())
  const want = writes.find(({ sourceHash }) => !held.has(sourceHash))?.sourceHash
  if (want === undefined) return
  try {
    const known = await source.acknowledged(want, tips)
    for (const tip of tips) {
      if (known && !known.has(tip)) await learnBelow(source, target, want, tip, confirmed)
    }
  } catch (error) {
    if (!(error instanceof GitSyncError) || !REFUSALS.test(error.code)) throw error
    if (error.cause instanceof ExcessError) throw error
  }
}

// What a remote says that does not serve this question; all else would fail the run's own requests too.
const REFUSALS = /_(?:protocol_error|unavailable|unauthorized|not_found)$/

/** The tips by which the source would know what not to send, where neither a proof nor its own refs vouch for them. */
function doubtfulTips(
  { source, target }: Context['remotes'],
  writes: readonly PlannedRef[],
  overwrite: boolean,
): string[] {
  const sourceTips = new Set(source.refs.values())
  const updates = writes.filter(({ action, kind }) => action === 'update' && kind === 'branch')
  const lost = (ids: readonly string[]) =>
    [...new Set(ids)].filter((id) => !sourceTips.has(id)).slice(0, MAX_TIPS)
  // Without overwriting, all updates are proven.
  if (updates.length > 0) return overwrite ? lost(updates.map(({ targetHash }) => targetHash)) : []
  const branches = [...target.refs].filter(([name]) => name.startsWith('refs/heads/'))
  const isAnyKnown = branches.some(([, id]) => sourceTips.has(id))
  const isHead = ([name]: [string, string]) => name === target.head
  const headFirst = [...branches.filter(isHead), ...branches.filter((branch) => !isHead(branch))]
  return isAnyKnown ? [] : lost(headFirst.map(([, id]) => id))
}

async function learnBelow(
  source: UploadPack,
  target: ReceivePack,
  want: string,
  tip: string,
  learned: Set<string>,
): Promise<void> {
  for (let depth = FIRST_DEPTH; depth <= MAX_DEPTH; depth *= 2) {
    const commits = await target.commitsAt(depth, tip)
    // More than can be offered is of no use.
    if (commits.length === 0 || learned.size + commits.length > MAX_HAVES) return
    for (const id of commits) learned.add(id)
    const known = await source.acknowledged(want, commits)
    if (!known || known.size > 0) return
  }
}
