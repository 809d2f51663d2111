import type { SyncResult } from '../src/index.js'
import type { RunResponse } from './caller.js'
import type { Case, Refs } from './draw.js'

export interface Observed {
  case: Case
  response: RunResponse
  /** The target's refs before and after. */
  before: Refs
  after: Refs
  /** What another writer has set meanwhile. */
  written: Refs
}

const TEMPORARY = 'refs/gitsync/'
/** How runs may end that nothing went wrong in. */
const CLEAN = new Set(['ok', 'hung up', 'blocked_refs', 'no_matching_refs', 'plan_refused'])

/** Everything in which what was reported is not what the target has, or what happened must not happen. */
export function untruths(observed: Observed): string[] {
  return [...moves(observed), ...reports(observed), ...codes(observed)]
}

function isWritten(written: Refs, ref: string, now: string | undefined): boolean {
  return now !== undefined && now === written[ref]
}

/** A ref has its old value, the source's, or that of the other writer: never another. */
function* moves({
  case: { request, sourceRefs, operation },
  before,
  after,
  written,
}: Observed): Generator<string> {
  const mapped = (ref: string) =>
    request.scope?.mappings ? ref.replace('refs/heads/up/', 'refs/heads/') : ref
  for (const ref of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[ref], after[ref]]
    if (now === old || isWritten(written, ref, now) || ref.startsWith(TEMPORARY)) continue
    if (operation === 'probe' || operation === 'plan') yield `a ${operation} moved ${ref}`
    else if (now === undefined && !request.policy?.prune) yield `${ref} is gone, and nothing was to be pruned`
    else if (now === undefined && sourceRefs[mapped(ref)]) yield `${ref} is gone, and the source has it`
    else if (now !== undefined && now !== sourceRefs[mapped(ref)])
      yield `${ref} is at ${now}, which the source never listed`
  }
}

function* reports(observed: Observed): Generator<string> {
  const { response, before, after, written, case: drawn } = observed
  const { result } = response
  if (!result || drawn.operation === 'probe' || drawn.operation === 'plan') return
  const moved = Object.keys({ ...before, ...after }).filter(
    (ref) => after[ref] !== before[ref] && !isWritten(written, ref, after[ref]) && !ref.startsWith(TEMPORARY),
  )
  if (result.execution.dryRun) {
    // What stops a run before anything was sent carries the plan.
    if (!drawn.hasTwin) for (const ref of moved) yield `${ref} moved, and the result is a plan`
    return
  }
  yield* wrongCounts(result)
  for (const ref of result.refs) {
    const wrong = untruth(ref, observed)
    if (wrong) yield `${ref.targetRef} is reported as ${ref.action} (${ref.reason}), but ${wrong}`
  }
  const listed = new Set(result.refs.map(({ targetRef }) => targetRef))
  if (drawn.hasTwin) return
  for (const ref of moved) if (!listed.has(ref)) yield `${ref} moved, and is not in the result`
}

function* wrongCounts({ counts, refs }: SyncResult): Generator<string> {
  const count = (...actions: string[]) => refs.filter(({ action }) => actions.includes(action)).length
  if (counts.applied !== count('create', 'update')) yield `${counts.applied} are counted as applied`
  if (counts.deleted !== count('delete')) yield `${counts.deleted} are counted as deleted`
  if (counts.skipped !== count('skip')) yield `${counts.skipped} are counted as skipped`
  if (counts.warned !== count('warn')) yield `${counts.warned} are counted as warned`
}

function untruth(
  { action, reason, targetRef, sourceHash }: SyncResult['refs'][number],
  { before, after, written, case: { hasTwin } }: Observed,
): string | undefined {
  const now = after[targetRef]
  const has = `the target has ${now}`
  if (action === 'create' || action === 'update') return now === sourceHash ? undefined : has
  if (action === 'delete') return now === undefined ? undefined : has
  if (isWritten(written, targetRef, now) || (action !== 'skip' && (reason === 'unknown' || hasTwin)))
    return undefined
  if (action === 'skip') return now === sourceHash ? undefined : has
  return now === before[targetRef] ? undefined : `it moved from ${before[targetRef]} to ${now}`
}

function* codes({ case: drawn, response: { outcome, problem } }: Observed): Generator<string> {
  const why = `${outcome}: ${problem?.detail}`
  if (outcome === 'internal') yield why
  const sides = new Set<string>(drawn.faults.map(({ side }) => side))
  if (drawn.denied) sides.add(drawn.denied)
  for (const side of ['source', 'target']) {
    // Only the target unpacks what is relayed, and another writer moves its refs.
    const isTargets =
      outcome === 'target_ref_moved' || (outcome === 'target_protocol_error' && /unpack/.test(why))
    if (outcome.startsWith(`${side}_`) && !sides.has(side) && !isTargets)
      yield `nothing is wrong with the ${side}, but: ${why}`
  }
  const isClean = sides.size === 0 && !drawn.written && !drawn.hasTwin
  // Not every plan can be carried out in one push.
  const mayBeUnsupported = drawn.request.policy?.atomic && outcome === 'unsupported'
  if (isClean && !CLEAN.has(outcome) && !mayBeUnsupported) yield `nothing is wrong, but: ${why}`
}
