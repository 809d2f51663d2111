import { GitSyncError } from '../../errors.js'
import type { HistoryObject } from '../../git/pack/history.js'
import { type PackStream, wrapPack } from '../../git/pack/pack-stream.js'
import { RefusedWantError } from '../../git/packets/protocol-error.js'
import type { UploadPack } from '../../git/upload-pack.js'
import { MAX_HAVES } from '../../git/wire/request-bounds.js'
import { LargeMap } from '../../runtime/large-map.js'
import { forEachYielding } from '../../runtime/yield.js'
import { setting, worded } from '../../wording.js'
import { KnownTips } from './known-tips.js'
import type { DesiredRef } from './select.js'

const MAX_AT_ONCE = 4
/** Bytes of commits between two tips that are read before the source's own walk is the cheaper way to know. */
const MAX_BETWEEN = 64 * 1024
/** Bytes of a small commit in a pack. */
const LEAST_COMMIT = 64
// dulwich responds with a 500 to a want that it will not serve.
const REFUSALS: ReadonlySet<string> = new Set(['source_protocol_error', 'source_unavailable'])

export interface ProofOptions {
  /** The likely change of most branches. It decides which proof is asked first, not what is proven. */
  expected?: 'fast-forward' | 'rewrite'
  /** Learns which of the target's tips the source has. */
  tips?: KnownTips
  signal?: AbortSignal | undefined
}

/**
 * The target refs among `branches` that fast-forward: their target tip is an ancestor of their source tip, by the
 * source's own reachability. Ids, empty packs, and the commits between two tips that are close, are all that goes over
 * the wire; docs/protocol-notes.md has the proofs.
 *
 * @throws GitSyncError `unsupported` where the source offers no way to find out
 */
export async function proveFastForwards(
  source: UploadPack,
  branches: readonly DesiredRef[],
  targetRefs: ReadonlyMap<string, string>,
  { expected = 'fast-forward', tips = new KnownTips(), signal }: ProofOptions = {},
): Promise<Set<string>> {
  const targetId = ({ targetRef }: DesiredRef) => targetRefs.get(targetRef) ?? ''
  // One iterator for all who ask: each question is taken once.
  const questions = (await groupByTip(branches, signal)).values()
  const proven = new Set<string>()
  const askEach = async () => {
    for (const [tip, refs] of questions) {
      const question = { tip, candidates: [...new Set(refs.map(targetId))], tips }
      const ancestors = await ancestorsAmong(source, question, expected)
      for (const ref of refs) if (ancestors.has(targetId(ref))) proven.add(ref.targetRef)
    }
  }
  try {
    await Promise.all(Array.from({ length: MAX_AT_ONCE }, askEach))
    return proven
  } finally {
    tips.complete()
  }
}

/** The refs of each source tip, no more of them at once than a server accepts candidates. */
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

/** Which of `candidates` are ancestors of `tip`? */
interface Question {
  tip: string
  candidates: readonly string[]
  tips: KnownTips
}

/** The ancestors of `tip` among the candidates, or undefined where it cannot tell. */
type Proof = (source: UploadPack, question: Question) => Promise<ReadonlySet<string> | undefined>

/** The cheap proofs first, the likelier of them before the other; the one that makes the source walk its history last. */
async function ancestorsAmong(
  source: UploadPack,
  question: Question,
  expected: ProofOptions['expected'],
): Promise<ReadonlySet<string>> {
  const cheap: Proof[] = expected === 'rewrite' ? [readBetween, probeAncestry] : [probeAncestry, readBetween]
  for (const proof of cheap) {
    const ancestors = await proof(source, question)
    if (ancestors) return ancestors
  }
  if (source.canDeepen) return source.unshallowed(question.tip, question.candidates)
  const remedy = worded`${setting('policy.force')} or ${setting('replicate')} would do without a proof`
  throw new GitSyncError(
    'unsupported',
    worded`The source cannot say whether a branch fast-forwards: it offers neither shallow nor filter; ${remedy}.`,
  )
}

/**
 * Proof A. If the source sends no object to a receiver that has `tip` and wants `candidates`, they are all ancestors
 * of it. Git's walk may stop early where commit dates lie, so that other responses prove nothing.
 */
async function probeAncestry(
  source: UploadPack,
  { tip, candidates, tips }: Question,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const request = { wants: candidates, haves: [tip], ...source.minimalFilter }
    const pack = await source.fetch(request, 'prove', () => {})
    for (const id of candidates) tips.learn(id, true)
    if (pack.objects > 0) {
      await pack.return()
      return undefined
    }
    for await (const _ of pack); // To its end, which says that the response is whole.
    return new Set(candidates)
  } catch (error) {
    if (!isRefusal(error)) throw error
    const lacking = candidates.filter((id) => isLacking(source, error, id))
    for (const id of lacking) tips.learn(id, false)
    return lacking.length === candidates.length ? new Set() : undefined
  }
}

/**
 * Proof P. Reads the commits that `tip` has and a candidate has not: the candidate is an ancestor exactly if one of
 * them has it as a parent. One have a request, as another could hide that commit. Beyond `MAX_BETWEEN` bytes it gives
 * up, unless there is no other exact proof.
 */
async function readBetween(source: UploadPack, question: Question): Promise<ReadonlySet<string> | undefined> {
  const isLast = !source.canDeepen
  if (!source.canFilter || (!isLast && question.candidates.length > MAX_AT_ONCE)) return undefined
  const ancestors = new Set<string>()
  for (const candidate of question.candidates) {
    const between = new Between(isLast ? Number.POSITIVE_INFINITY : MAX_BETWEEN)
    const relation = await relationOf(source, { ...question, candidate }, between)
    if (relation === 'unclear') return undefined
    if (relation === 'ancestor') ancestors.add(candidate)
  }
  return ancestors
}

async function relationOf(
  source: UploadPack,
  { tip, candidate, tips }: Question & { candidate: string },
  between: Between,
): Promise<'ancestor' | 'other' | 'unclear'> {
  // The want of the candidate adds nothing to the pack, but a source that lacks it says so at once, instead of walking
  // all of its history.
  const wants = source.servesAnyObject ? [tip, candidate] : [tip]
  const isChild = (object: HistoryObject) =>
    object.type === 'commit' ? object.parents.includes(candidate) : object.target === candidate
  const counting = (pack: PackStream) => {
    if (source.servesAnyObject) tips.learn(candidate, true)
    return between.counting(pack)
  }
  try {
    for await (const objects of source.history({ wants, haves: [candidate] }, 'prove', counting)) {
      if (objects.some(isChild)) return 'ancestor'
      if (between.isFar) return 'unclear'
    }
    return 'other'
  } catch (error) {
    if (!isRefusal(error) || !between.isLimited) throw error
    if (!isLacking(source, error, candidate)) return 'unclear'
    tips.learn(candidate, false)
    return 'other'
  }
}

/** The commits between two tips: the packs that show it, their bytes counted as they pass. */
class Between {
  readonly #limit: number
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get isLimited(): boolean {
    return Number.isFinite(this.#limit)
  }

  get isFar(): boolean {
    return this.#bytes > this.#limit
  }

  counting(pack: PackStream): PackStream {
    // The header alone says that a long history follows.
    this.#bytes += pack.objects * LEAST_COMMIT
    return wrapPack(pack, {
      chunk: (chunk) => {
        this.#bytes += chunk.length
        return chunk
      },
    })
  }
}

function isRefusal(error: unknown): error is GitSyncError {
  return error instanceof GitSyncError && REFUSALS.has(error.code)
}

/** Whether the source lacks the object: git's own words over v2 mean that, and only those. */
function isLacking(source: UploadPack, { cause }: GitSyncError, id: string): boolean {
  if (source.protocol !== 'v2' || !(cause instanceof RefusedWantError)) return false
  return cause.ids.includes(id) && /\bnot our ref\b/.test(cause.message)
}
