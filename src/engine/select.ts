import type { RefKind } from '../../schemas/result.js'
import { GitSyncError } from '../errors.js'
import { RefMap } from '../git/ref-map.js'
import { isValidRefName, kindOfRef } from '../git/ref-name.js'
import { Sample } from '../git/sample.js'
import { eachInTurns, filterInTurns } from '../git/turns.js'
import { costOfMatching, isExcluded, isReserved, type Scope } from './scope.js'

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
  const invalid = new Sample()
  const add = (sourceRef: string, targetRef: string, id: string) =>
    desired.set(targetRef, { sourceRef, targetRef, id, kind: kindOfRef(targetRef) })

  await eachInTurns(
    sourceRefs,
    ([name, id]) => {
      if (!isValidRefName(name)) invalid.add(name)
      else if (isTaken(scope, name) && !isReserved(name, scope.tempRefPrefix)) add(name, name, id)
    },
    { signal, cost: costOfMatching(scope) },
  )
  await addMapped(scope, sourceRefs, add, signal)
  const notices = leftOut(invalid)
  for (const { text, hasStar } of scope.branches) {
    if (!hasStar && !sourceRefs.has(text)) notices.push(`the source has no ${text}`)
  }
  if (desired.size === 0) {
    throw new GitSyncError(
      'no_matching_refs',
      'The scope matches no ref on the source; nothing was pushed or pruned.',
    )
  }
  return { desired, notices }
}

/** A few notices, however many names a source lists that are no ref names. */
export function leftOut(names: Sample): string[] {
  const notices = names.first.map(
    (name) => `left out: the source lists ${JSON.stringify(name.slice(0, MAX_SHOWN))}, no valid ref name`,
  )
  if (names.others > 0) notices.push(`left out: ${names.others} more names that are no valid ref names`)
  return notices
}

const MAX_SHOWN = 200

/** The source refs that a scope takes under their own names. */
export async function discoverRefs(
  scope: Scope,
  refs: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<[string, string][]> {
  const isMeant = ([name]: [string, string]) => isValidRefName(name) && isTaken(scope, name)
  return filterInTurns(refs, isMeant, { signal, cost: costOfMatching(scope) })
}

/** Whether a source ref is taken under its own name. */
function isTaken(scope: Scope, name: string): boolean {
  return !isReserved(name) && isDiscovered(scope, name) && !isExcluded(scope, name)
}

function isDiscovered(scope: Scope, name: string): boolean {
  const kind = kindOfRef(name)
  if (kind === 'tag') return scope.tags
  if (kind === 'other') return scope.others
  if (scope.mappings.length > 0) return false
  return scope.branches.length === 0 || scope.branches.some((pattern) => pattern.match(name) !== undefined)
}

async function addMapped(
  scope: Scope,
  sourceRefs: ReadonlyMap<string, string>,
  add: (sourceRef: string, targetRef: string, id: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { source, target } of scope.mappings) {
    if (!source.hasStar) {
      const id = sourceRefs.get(source.text)
      if (id === undefined) {
        const hint = 'correct or remove that mapping; nothing was pushed or pruned'
        throw new GitSyncError('no_matching_refs', `The source has no ${source.text}: ${hint}.`)
      }
      if (!mayWrite(scope, target.text)) throw reserved(target.text)
      add(source.text, target.text, id)
      continue
    }
    const addMatched = ([name, id]: [string, string]) => {
      const star = source.match(name)
      if (star === undefined || isReserved(name) || !isValidRefName(name)) return
      const targetRef = target.expand(star)
      if (mayWrite(scope, targetRef) && !isExcluded(scope, name) && !isExcluded(scope, targetRef)) {
        add(name, targetRef, id)
      }
    }
    await eachInTurns(sourceRefs, addMatched, { signal, cost: costOfMatching(scope) })
  }
}

function mayWrite(scope: Scope, targetRef: string): boolean {
  return isValidRefName(targetRef) && !isReserved(targetRef) && !isReserved(targetRef, scope.tempRefPrefix)
}

function reserved(targetRef: string): GitSyncError {
  const message = `${targetRef} lies where this program keeps refs of its own: map to another name.`
  return new GitSyncError('invalid_request', message, { errors: [{ path: '/scope/mappings', message }] })
}
