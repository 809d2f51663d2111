import { GitSyncError, type RunEvent, type SyncResult } from '../src/index.js'
import { ZERO } from './fake-target.js'
import type { Pair } from './pair.js'
import type { Remotes } from './remotes.js'

export interface Ended {
  pair: Pair
  remotes: Remotes
  /** The response that was damaged, as in `Damage`. */
  step?: string
  events: readonly RunEvent[]
  result?: unknown
  error?: unknown
}

const TEMPORARY = 'refs/gitsync/'

/** `ok`, the code of a GitSyncError, or the name of any other error. */
export function outcomeOf({ error }: Pick<Ended, 'error'>): string {
  if (error === undefined) return 'ok'
  return error instanceof GitSyncError ? error.code : (error as Error).name
}

/** Everything about the end of a run that must not be. */
export function faultsOf(ended: Ended): string[] {
  return [...errorFaults(ended), ...commandFaults(ended), ...resultFaults(ended)]
}

function* errorFaults({ error, step, remotes }: Ended): Generator<string> {
  if (error === undefined) return
  if (!(error instanceof GitSyncError)) return yield `not a GitSyncError: ${String(error)}`
  if (error.code === 'internal') yield `internal: ${error.message}`
  if (step === undefined) return
  const [damaged, other] = step.startsWith('source') ? ['source', 'target'] : ['target', 'source']
  // Only the target unpacks what is relayed: that its word comes first is right.
  const isUnpack = error.code === 'target_protocol_error' && remotes.target.failedUnpacks > 0
  if (error.code.startsWith(`${other}_`) && error.code !== 'target_ref_moved' && !isUnpack) {
    yield `the ${damaged} was damaged, the ${other} is blamed: ${error.code}: ${error.message}`
  }
}

function* commandFaults({ pair, remotes, events }: Ended): Generator<string> {
  const { operation, request = {} } = pair.scenario
  const { policy = {} } = request
  const commands = remotes.target.commands.filter(({ ref }) => !ref.startsWith(TEMPORARY))
  if (operation === 'probe' || operation === 'plan') {
    if (remotes.target.pushes > 0) yield `a ${operation} pushed`
    return
  }
  const mayOverwrite = operation === 'replicate' || policy.force || policy.forceBlind
  for (const { ref, oldId, newId } of commands) {
    if (newId === ZERO) {
      if (!policy.prune || !mayBeGone(ref, pair, remotes)) yield `an unplanned delete of ${ref} was sent`
    } else if (oldId !== ZERO && !mayOverwrite && !pair.history.isAncestor(oldId, newId)) {
      yield `${ref} was overwritten: ${oldId} with ${newId}`
    }
  }
  const planned = events.reduce(
    (most, event) => (event.type === 'planned' ? Math.max(most, event.delete) : most),
    0,
  )
  const gone = new Set(commands.filter(({ newId }) => newId === ZERO).map(({ ref }) => ref))
  if (gone.size > planned) yield `${gone.size} refs were to be deleted, where ${planned} were planned`
}

/** Whether the source has no such ref, or has listed its refs without it. */
function mayBeGone(ref: string, { sourceRefs }: Pair, { damagedListings }: Remotes): boolean {
  return !sourceRefs.has(ref) || damagedListings.some((names) => !names.has(ref))
}

function* resultFaults(ended: Ended): Generator<string> {
  const { error, pair, remotes } = ended
  if (pair.scenario.operation === 'probe' || pair.scenario.operation === 'plan') return
  const result = (error instanceof GitSyncError ? error.result : ended.result) as SyncResult | undefined
  if (!result) return
  if (result.execution.dryRun) {
    // What stops a run before anything was sent carries the plan.
    if (remotes.target.pushes > 0) yield 'there was a push, and the result is a plan'
    return
  }
  const count = (...actions: string[]) => result.refs.filter(({ action }) => actions.includes(action)).length
  if (result.counts.applied !== count('create', 'update'))
    yield `${result.counts.applied} are counted as applied`
  if (result.counts.deleted !== count('delete')) yield `${result.counts.deleted} are counted as deleted`
  for (const ref of result.refs) {
    const wrong = untruth(ref, ended)
    if (wrong) yield `${ref.targetRef} is reported as ${ref.action} (${ref.reason}), but ${wrong}`
  }
}

function untruth(ref: SyncResult['refs'][number], { pair, remotes, step = '' }: Ended): string | undefined {
  const { refs, commands } = remotes.target
  const now = refs.get(ref.targetRef)
  const sent = commands.filter((command) => command.ref === ref.targetRef)
  // A target that reports or lists what is not so cannot be seen through.
  const isLie = step.startsWith('target') && sent.every(({ refused }) => refused !== '')
  if (ref.action === 'create' || ref.action === 'update') {
    return now === ref.sourceHash || isLie ? undefined : `the target has ${now}`
  }
  if (ref.action === 'delete') return now === undefined || isLie ? undefined : `the target has ${now}`
  const before = pair.targetRefs.get(ref.targetRef)
  if (ref.action !== 'skip' && ref.reason === 'unknown') return undefined
  if (step.startsWith('target info-refs')) return undefined
  return now === before ? undefined : `it moved from ${before} to ${now}`
}
