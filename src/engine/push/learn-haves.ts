import { GitSyncError } from '../../errors.js'
import { ExcessError } from '../../git/packets/protocol-error.js'
import { MAX_HAVES } from '../../git/wire/request-bounds.js'
import type { LargeSet } from '../../runtime/large-map.js'
import { filterYielding, Pace } from '../../runtime/yield.js'
import type { PlannedRef } from '../plan/plan-refs.js'
import type { Context } from './push-state.js'
import { tipsOf } from './wants.js'

const FIRST_DEPTH = 8
const MAX_DEPTH = 1 << 16
const MAX_TIPS = 8

/**
 * Finds out what the target has below tips that the source has forgotten, as after a rewrite: to such a source a tip
 * says nothing, and it would send the whole history again. The target's own upload-pack names ancestors, ever deeper,
 * until the source knows one. What was learned is added to `confirmed`. A remote that does not support this is left alone.
 */
export async function learnHaves(context: Context): Promise<void> {
  const { run, job, remotes, plan, confirmed } = context
  const { target } = remotes
  const { signal } = run
  const isWrite = ({ action }: PlannedRef) => action === 'create' || action === 'update'
  const writes = await filterYielding(plan, isWrite, { signal })
  const tips = await doubtfulTips(remotes, writes, job.overwrite, signal)
  if (tips.length === 0) return
  const held = await tipsOf(target.refs, signal)
  const want = writes.find(({ sourceHash }) => !held.has(sourceHash))?.sourceHash
  if (want === undefined) return
  try {
    for (const tip of await unknownTips(context, want, tips)) {
      await learnBelow(remotes, want, tip, confirmed)
    }
  } catch (error) {
    if (!(error instanceof GitSyncError) || !REFUSALS.test(error.code)) throw error
    if (error.cause instanceof ExcessError) throw error
  }
}

/** The tips that the source lacks; it is asked about those that no proof has shown. */
async function unknownTips(
  { remotes, tips }: Context,
  want: string,
  doubtful: readonly string[],
): Promise<string[]> {
  const shown = await Promise.all(doubtful.map(async (id) => ({ id, isKnown: await tips.isKnown(id) })))
  const lacking = shown.filter(({ isKnown }) => isKnown === false).map(({ id }) => id)
  const asked = shown.filter(({ isKnown }) => isKnown === undefined).map(({ id }) => id)
  if (asked.length === 0) return lacking
  const acknowledged = await remotes.source.acknowledged(want, asked)
  return acknowledged ? [...lacking, ...asked.filter((id) => !acknowledged.has(id))] : lacking
}

// Errors of a remote that does not support these requests; any other would fail the run's own requests too.
const REFUSALS = /_(?:protocol_error|unavailable|unauthorized|not_found)$/

/** The tips by which the source would know what not to send, where neither a proof nor its own refs vouch for them. */
async function doubtfulTips(
  { source, target }: Context['remotes'],
  writes: readonly PlannedRef[],
  overwrite: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const sourceTips = await tipsOf(source.refs, signal)
  const isUpdate = ({ action, kind }: PlannedRef) => action === 'update' && kind === 'branch'
  const updates = await filterYielding(writes, isUpdate, { signal })
  // Without overwriting, all updates are proven.
  if (updates.length > 0) {
    return overwrite ? firstLost(sourceTips, updates, ({ targetHash }) => targetHash, signal) : []
  }
  const isBranch = ([name]: [string, string]) => name.startsWith('refs/heads/')
  const branches = await filterYielding(target.refs, isBranch, { signal })
  const isKnown = ([, id]: [string, string]) => sourceTips.has(id)
  if ((await filterYielding(branches, isKnown, { signal })).length > 0) return []
  const head = branches.filter(([name]) => name === target.head)
  return firstLost(sourceTips, [...head, ...branches], ([, id]) => id, signal)
}

/** A few different ids that are not tips of the source. */
async function firstLost<T>(
  sourceTips: LargeSet<string>,
  items: readonly T[],
  idOf: (item: T) => string,
  signal: AbortSignal,
): Promise<string[]> {
  const lost = new Set<string>()
  const pace = new Pace(signal)
  for (const item of items) {
    const id = idOf(item)
    if (!sourceTips.has(id)) lost.add(id)
    if (lost.size === MAX_TIPS) break
    if (pace.spend()) await pace.turn()
  }
  return [...lost]
}

async function learnBelow(
  { source, target }: Context['remotes'],
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
