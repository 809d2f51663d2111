import { setTimeout as sleep } from 'node:timers/promises'
import { GitSyncError } from '../../errors.js'
import type { ReceivePack } from '../../git/receive-pack.js'
import type { PushReport } from '../../git/wire/push-report.js'
import type { Command } from '../../git/wire/push-request.js'

/** The outcome of one command. `moved`: another writer changed the ref. `unknown`: it could not be found out. */
export type RefOutcome =
  | { type: 'done' }
  | { type: 'refused'; reason: string }
  | { type: 'moved'; reason: string }
  | { type: 'unknown'; reason: 'unknown' }

export interface RefOutcomes {
  /** By ref, in the order of the commands. */
  outcomes: Map<string, RefOutcome>
  /** Why the target's refs could not be listed, where some are unknown for that. */
  unseen: GitSyncError | undefined
}

/** How long to keep listing. */
export interface Patience {
  signal: AbortSignal
  /** Milliseconds of a remote's silence that end a run: nothing waits longer for it. */
  stallTimeout: number
  /** The target refused the push as a whole: one look will do, and where none can be had the refusal is believed. */
  isRefused?: boolean
}

const DONE: RefOutcome = { type: 'done' }
const UNKNOWN: RefOutcome = { type: 'unknown', reason: 'unknown' }
const TRUSTED_AGENTS = /^(?:git|jgit)\//i
const FIRST_PAUSE = 100
/** Milliseconds: a server that restarts, or a replica that lags behind, needs seconds. */
const MOST_PATIENCE = 10_000
/** A push that broke is mostly over by then; hooks may still run. */
const LITTLE_PATIENCE = 500

/**
 * Finds out what a push did. The report is believed where git or JGit says that all is well; in every other case
 * the target's refs are listed again and have the last word, as the words of refusals differ on every server. A list
 * that cannot be had, or that does not show what the report says, is asked for again, ever more rarely.
 */
export async function determineOutcomes(
  target: ReceivePack,
  commands: readonly Command[],
  report: PushReport | undefined,
  { signal, stallTimeout, isRefused = false }: Patience,
): Promise<RefOutcomes> {
  const isTrusted = TRUSTED_AGENTS.test(target.capabilities.get('agent') ?? '')
  const reported = new Reported(report, isTrusted, isRefused)
  if (commands.every((command) => reported.isConfirmed(command))) {
    return { outcomes: new Map(commands.map(({ ref }) => [ref, DONE])), unseen: undefined }
  }
  const started = performance.now()
  const look: Look = { count: 0, refs: undefined, failure: undefined }
  for (let pause = FIRST_PAUSE; ; pause *= 2) {
    await lookAgain(look, target)
    const passed = performance.now() - started
    const most = Math.min(reported.patience(commands, look.refs), stallTimeout)
    if (passed >= most || signal.aborted) break
    const asked = (look.failure?.retryAfter ?? 0) * 1000
    await sleep(Math.min(Math.max(pause, asked), most - passed), undefined, { signal }).catch(() => {})
  }
  // After an abort, a list that shows no change proves nothing.
  const isProof = !signal.aborted
  const outcomes = commands.map((command): [string, RefOutcome] => [
    command.ref,
    look.refs ? reported.seen(command, look.refs, look.count, isProof) : reported.unseen(command),
  ])
  return { outcomes: new Map(outcomes), unseen: look.refs ? undefined : look.failure }
}

/** The target's refs, as they were last seen. */
interface Look {
  /** Lists that were had. */
  count: number
  refs: ReadonlyMap<string, string> | undefined
  failure: GitSyncError | undefined
}

async function lookAgain(look: Look, target: ReceivePack): Promise<void> {
  try {
    look.refs = (await target.relist()).refs
    look.count++
    look.failure = undefined
  } catch (error) {
    if (!(error instanceof GitSyncError)) throw error
    look.failure = error
  }
}

/** The report on each ref, compared with what the target lists. */
class Reported {
  readonly #report: PushReport | undefined
  readonly #isTrusted: boolean
  readonly #isRefused: boolean

  constructor(report: PushReport | undefined, isTrusted: boolean, isRefused: boolean) {
    this.#report = report
    this.#isTrusted = isTrusted
    this.#isRefused = isRefused
  }

  /** Not where the pack could not be unpacked: such a report contradicts itself. */
  isConfirmed(command: Command): boolean {
    return this.#isTrusted && this.#report?.unpack.ok === true && this.#isOk(command)
  }

  /** For how long the list is worth asking for again; 0 where it is conclusive. */
  patience(commands: readonly Command[], refs: ReadonlyMap<string, string> | undefined): number {
    if (this.#isRefused) return 0
    if (!refs) return MOST_PATIENCE
    const current = ({ ref }: Command) => refs.get(ref) ?? ''
    const open = commands.filter((command) => current(command) !== command.newId)
    const denied = open.filter((command) => this.#isOk(command) && !this.#isTrusted)
    // A third value was written by somebody: only a very old list could be wrong about it.
    if (denied.some((command) => current(command) === command.oldId)) return MOST_PATIENCE
    return denied.length > 0 || (this.#report === undefined && open.length > 0) ? LITTLE_PATIENCE : 0
  }

  /** By a list of the target's refs. */
  seen(command: Command, refs: ReadonlyMap<string, string>, looks: number, isProof: boolean): RefOutcome {
    const { ref, oldId, newId } = command
    const current = refs.get(ref) ?? ''
    if (current === newId || this.isConfirmed(command)) return DONE
    if (current !== oldId) return { type: 'moved', reason: movedReason(command, current) }
    const reason = this.#reasonFor(ref)
    if (reason === undefined && !isProof && this.#report?.unpack.ok !== false) return UNKNOWN
    return { type: 'refused', reason: reason ?? this.#silence(command, looks) }
  }

  /** Where no list could be had. */
  unseen(command: Command): RefOutcome {
    if (this.isConfirmed(command)) return DONE
    if (this.#isRefused) return { type: 'refused', reason: this.#silence(command, 0) }
    if (this.#report === undefined) return UNKNOWN
    const reason = this.#reasonFor(command.ref)
    if (reason !== undefined) return { type: 'refused', reason }
    if (!this.#report.unpack.ok) return { type: 'refused', reason: this.#silence(command, 0) }
    return UNKNOWN
  }

  #isOk({ ref }: Command): boolean {
    return this.#report?.refs.get(ref)?.ok === true
  }

  #reasonFor(ref: string): string | undefined {
    const status = this.#report?.refs.get(ref)
    return status?.ok === false ? status.reason : undefined
  }

  #silence(command: Command, looks: number): string {
    const report = this.#report
    if (report?.unpack.ok === false) return `unpack failed: ${report.unpack.reason}`
    if (!report) return 'the target did not report, and did not move it'
    if (!this.#isOk(command)) return 'the target did not move it, and gave no reason'
    const where = command.oldId === '' ? 'absent' : `at ${command.oldId}`
    const lists = looks === 1 ? 'its list of refs has' : `${looks} lists of its refs have`
    return `the target reported ok but, as far as can be seen, did not move it: ${lists} it ${where}`
  }
}

function movedReason({ oldId }: Command, current: string): string {
  const was = oldId || 'absent'
  return current === ''
    ? `another writer deleted it (it was ${was})`
    : `another writer moved it from ${was} to ${current}`
}
