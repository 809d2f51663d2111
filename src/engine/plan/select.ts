import type { RefKind } from '../../../schemas/result.js'
import { GitSyncError } from '../../errors.js'
import { canonicalText } from '../../git/refs/byte-text.js'
import { RefMap } from '../../git/refs/ref-map.js'
import { isValidRefName, kindOfRef } from '../../git/refs/ref-name.js'
import { costOfName, filterYielding, forEachYielding, Pace } from '../../runtime/yield.js'
import { isBranchTaken, isExcluded, isReserved, type Scope } from '../request/scope.js'
import { BoundedNotices, NO_REF_NAME } from '../run/notices.js'

/** A ref that the target shall have. */
export interface DesiredRef {
  sourceRef: string
  targetRef: string
  id: string
  kind: RefKind
}

export interface Selection {
  /** By target ref. */
  desired: ReadonlyMap<string, DesiredRef>
  notices: string[]
}

/** How many more refs mappings may make than the source lists: some thousand stars would multiply every ref. */
const MAX_ADDED = 500_000

/**
 * Applies a scope to the source's refs.
 *
 * @throws GitSyncError `no_matching_refs` for a mapping without `*` whose source is absent, or an empty result
 */
export async function selectRefs(
  scope: Scope,
  sourceRefs: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<Selection> {
  const desired = new RefMap<DesiredRef>()
  const notices = new BoundedNotices()
  const add = (sourceRef: string, targetRef: string, id: string) => {
    desired.set(targetRef, { sourceRef, targetRef, id, kind: kindOfRef(targetRef) })
  }

  const select = ([name, id]: [string, string]) => {
    if (!isValidRefName(name)) notices.add(NO_REF_NAME, JSON.stringify(name))
    else if (isTaken(scope, name) && !isReserved(name, scope.tempRefPrefix)) add(name, name, id)
  }
  await forEachYielding(sourceRefs, select, { signal, cost: ([name]) => costOfName(name) })
  addNamed(scope, sourceRefs, add)
  if (scope.mappings.some(({ source }) => source.hasStar)) await addStarred(scope, sourceRefs, signal, add)
  for (const { text, hasStar } of scope.branches) {
    if (!hasStar && !sourceRefs.has(text)) notices.add('the source has no %s', text)
  }
  if (desired.size === 0) {
    throw new GitSyncError(
      'no_matching_refs',
      'The scope matches no ref on the source; nothing was pushed or pruned.',
    )
  }
  return { desired, notices: notices.texts() }
}

/** The source refs that a scope includes under their own names. */
export async function discoverRefs(
  scope: Scope,
  refs: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<[string, string][]> {
  const isMeant = ([name]: [string, string]) => isValidRefName(name) && isTaken(scope, name)
  return filterYielding(refs, isMeant, { signal, cost: ([name]) => costOfName(name) })
}

/** Whether a source ref is taken under its own name. */
function isTaken(scope: Scope, name: string): boolean {
  return !isReserved(name) && isDiscovered(scope, name) && !isExcluded(scope, name)
}

function isDiscovered(scope: Scope, name: string): boolean {
  const kind = kindOfRef(name)
  if (kind === 'tag') return scope.tags
  if (kind === 'other') return scope.others
  return scope.mappings.length === 0 && isBranchTaken(scope, name)
}

type Add = (sourceRef: string, targetRef: string, id: string) => void

/** Adds what mappings without a `*` name, which no exclude stops. */
function addNamed(scope: Scope, sourceRefs: ReadonlyMap<string, string>, add: Add): void {
  for (const { source, target } of scope.mappings) {
    if (source.hasStar) continue
    const id = sourceRefs.get(source.text)
    if (id === undefined) {
      const hint = 'correct or remove that mapping; nothing was pushed or pruned'
      throw new GitSyncError('no_matching_refs', `The source has no ${source.text}: ${hint}.`)
    }
    if (!mayWrite(scope, target.text)) throw reserved(target.text)
    add(source.text, target.text, id)
  }
}

async function addStarred(
  scope: Scope,
  sourceRefs: ReadonlyMap<string, string>,
  signal: AbortSignal | undefined,
  add: Add,
): Promise<void> {
  const pace = new Pace(signal)
  // Names that may not be written count too: the work is the same.
  let made = 0
  for (const [name, id] of sourceRefs) {
    if (pace.spend(costOfName(name))) await pace.turn()
    if (isReserved(name) || !isValidRefName(name) || isExcluded(scope, name)) continue
    for (const { source, target } of scope.index.sources.matches(name)) {
      if (++made > sourceRefs.size + MAX_ADDED) throw tooMany()
      const targetRef = canonicalText(target.expand(source.match(name) ?? ''))
      if (pace.spend(costOfName(targetRef))) await pace.turn()
      if (mayWrite(scope, targetRef) && !isExcluded(scope, targetRef)) add(name, targetRef, id)
    }
  }
}

function mayWrite(scope: Scope, targetRef: string): boolean {
  return isValidRefName(targetRef) && !isReserved(targetRef) && !isReserved(targetRef, scope.tempRefPrefix)
}

function reserved(targetRef: string): GitSyncError {
  const message = `${targetRef} lies where this program keeps refs of its own: map to another name.`
  return new GitSyncError('invalid_request', message, { errors: [{ path: '/scope/mappings', message }] })
}

function tooMany(): GitSyncError {
  const limit = MAX_ADDED.toLocaleString('en')
  const message = `The mappings would write over ${limit} refs more than the source has: give fewer of them, or narrower ones.`
  return new GitSyncError('invalid_request', message, { errors: [{ path: '/scope/mappings', message }] })
}
