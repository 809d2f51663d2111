import { GitSyncError } from '../../errors.js'
import type { HistoryObject } from '../../git/pack/history.js'
import type { UploadPack } from '../../git/upload-pack.js'
import { RemoteFatalError } from '../../git/wire/protocol-error.js'
import { MAX_HAVES } from '../../git/wire/request-bounds.js'
import { LargeMap } from '../../runtime/large-map.js'
import { forEachYielding } from '../../runtime/yield.js'
import { setting, worded } from '../../wording.js'
import type { DesiredRef } from './select.js'

const MAX_AT_ONCE = 4
// dulwich answers a want that it will not serve with a 500.
const REFUSALS: ReadonlySet<string> = new Set(['source_protocol_error', 'source_unavailable'])

/**
 * The target refs among `branches` that fast-forward: their target tip is an ancestor of their source tip, by the
 * source's own reachability. Nothing but ids and empty packs goes over the wire.
 *
 * @throws GitSyncError `unsupported` where the source has no way to tell
 */
export async function proveFastForwards(
  source: UploadPack,
  branches: readonly DesiredRef[],
  targetRefs: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const targetId = ({ targetRef }: DesiredRef) => targetRefs.get(targetRef) ?? ''
  // One iterator for all who ask: each question is taken once.
  const questions = (await groupByTip(branches, signal)).values()
  const proven = new Set<string>()
  const answerQuestions = async () => {
    for (const [tip, refs] of questions) {
      const ancestors = await ancestorsAmong(source, tip, [...new Set(refs.map(targetId))])
      for (const ref of refs) if (ancestors.has(targetId(ref))) proven.add(ref.targetRef)
    }
  }
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, answerQuestions))
  return proven
}

/** The refs of each source tip, no more of them at once than a server takes candidates. */
async function groupByTip(
  branches: readonly DesiredRef[],
  signal: AbortSignal | undefined,
): Promise<[string, DesiredRef[]][]> {
  const groups: [string, DesiredRef[]][] = []
  const open = new LargeMap<string, DesiredRef[]>()
  const add = (ref: DesiredRef) => {
    const group = open.get(ref.id)
    if (group && group.length < MAX_HAVES) {
      group.push(ref)
      return
    }
    const refs = [ref]
    open.set(ref.id, refs)
    groups.push([ref.id, refs])
  }
  await forEachYielding(branches, add, { signal })
  return groups
}

/** The cheap question first, which is never wrong when it says yes; an exact one where it did not. */
async function ancestorsAmong(
  source: UploadPack,
  tip: string,
  candidates: string[],
): Promise<ReadonlySet<string>> {
  const answer = await probeAncestry(source, tip, candidates)
  if (answer === 'ancestors') return new Set(candidates)
  if (answer === 'unknown-object' && candidates.length === 1) return new Set()
  if (source.canDeepen) return source.unshallowed(tip, candidates)
  if (source.canFilter) return ancestorsByParents(source, tip, candidates)
  const remedy = worded`${setting('policy.force')} or ${setting('replicate')} would do without a proof`
  throw new GitSyncError(
    'unsupported',
    worded`The source cannot say whether a branch fast-forwards: it offers neither shallow nor filter; ${remedy}.`,
  )
}

/**
 * Reads the commits that `tip` has and a candidate has not. The candidate is an ancestor exactly if one of them has
 * it as a parent. One have a question: another one could hide the commit that tells.
 */
async function ancestorsByParents(
  source: UploadPack,
  tip: string,
  candidates: string[],
): Promise<ReadonlySet<string>> {
  const ancestors = new Set<string>()
  for (const candidate of candidates) {
    const isChild = (object: HistoryObject) => object.type === 'commit' && object.parents.includes(candidate)
    for await (const objects of source.history({ wants: [tip], haves: [candidate] }, 'prove')) {
      if (!objects.some(isChild)) continue
      ancestors.add(candidate)
      break
    }
  }
  return ancestors
}

/** If the source sends no object to one who has `tip` and wants `candidates`, they are all ancestors of it. */
async function probeAncestry(
  source: UploadPack,
  tip: string,
  candidates: string[],
): Promise<'ancestors' | 'unknown-object' | 'unknown'> {
  try {
    const request = { wants: candidates, haves: [tip], ...source.minimalFilter }
    const pack = await source.fetch(request, 'prove', () => {})
    if (pack.objects > 0) {
      await pack.return()
      return 'unknown'
    }
    for await (const _ of pack); // To its end, which says that the answer is whole.
    return 'ancestors'
  } catch (error) {
    if (!(error instanceof GitSyncError) || !REFUSALS.has(error.code)) throw error
    // git's own words on v2, and only those, mean that it lacks the object.
    const isUnknown = error.cause instanceof RemoteFatalError && /\bnot our ref\b/.test(error.cause.message)
    return isUnknown && source.protocol === 'v2' ? 'unknown-object' : 'unknown'
  }
}
