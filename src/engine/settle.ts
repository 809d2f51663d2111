import { GitSyncError } from '../errors.js'
import type { PushReport } from '../git/push-report.js'
import type { Command } from '../git/push-request.js'
import type { ReceivePack } from '../git/receive-pack.js'

/** What became of one command. `moved`: another writer changed the ref. */
export type Verdict =
  | { type: 'done' }
  | { type: 'refused'; reason: string }
  | { type: 'moved'; reason: string }

const DONE: Verdict = { type: 'done' }
const TRUSTED_AGENTS = /^(?:git|jgit)\//i

/**
 * Finds out what a push did. The report is believed where git or JGit says that all is well; in every other case
 * the target's refs are listed again and have the last word, as the words of refusals differ on every server.
 */
export async function settlePush(
  target: ReceivePack,
  commands: readonly Command[],
  report: PushReport | undefined,
): Promise<Map<string, Verdict>> {
  const reported = ({ ref }: Command) => report?.refs.get(ref)
  const isTrusted = TRUSTED_AGENTS.test(target.capabilities.get('agent') ?? '')
  if (isTrusted && report?.unpackError === '' && commands.every((command) => reported(command) === '')) {
    return new Map(commands.map(({ ref }) => [ref, DONE]))
  }
  const relisted = await target.relist()
  const verdicts = commands.map((command): [string, Verdict] => {
    const current = relisted.refs.get(command.ref) ?? ''
    const reason = reported(command)
    if (current === command.newId || (isTrusted && reason === '')) return [command.ref, DONE]
    if (current === command.oldId)
      return [command.ref, { type: 'refused', reason: reason || silence(report) }]
    return [command.ref, { type: 'moved', reason: movedReason(command, current) }]
  })
  return new Map(verdicts)
}

function silence(report: PushReport | undefined): string {
  if (report?.unpackError) return `unpack failed: ${report.unpackError}`
  return report
    ? 'the target did not move it, and gave no reason'
    : 'the target did not report, and did not move it'
}

function movedReason({ oldId }: Command, current: string): string {
  const was = oldId || 'absent'
  return current === ''
    ? `another writer deleted it (it was ${was})`
    : `another writer moved it from ${was} to ${current}`
}

/** The error for a push that did not do all, or undefined. A lease miss outweighs a refusal. */
export function pushError(
  verdicts: ReadonlyMap<string, Verdict>,
  report: PushReport | undefined,
  bestEffort: boolean,
): GitSyncError | undefined {
  const of = (type: 'refused' | 'moved') =>
    [...verdicts].flatMap(([ref, verdict]) =>
      verdict.type === type ? [{ ref, reason: verdict.reason }] : [],
    )
  const moved = of('moved')
  if (moved.length > 0) {
    const hint = 'run again to plan with what is there now'
    return new GitSyncError(
      'target_ref_moved',
      `Another writer moved ${list(moved)} during the run: ${hint}.`,
      { refs: moved },
    )
  }
  const refused = of('refused')
  if (report?.unpackError && refused.length > 0) {
    const message = `The target could not unpack what it got: ${report.unpackError}.`
    return new GitSyncError('target_protocol_error', message, { refs: refused })
  }
  if (refused.length === 0 || bestEffort) return undefined
  const hint = 'change its rules, leave the ref out, or set policy.bestEffort'
  return new GitSyncError('ref_rejected', `The target refused ${list(refused)}: ${hint}.`, { refs: refused })
}

function list(refs: readonly { ref: string; reason: string }[]): string {
  const [first] = refs
  const more = refs.length > 1 ? ` and ${refs.length - 1} more` : ''
  return `${first?.ref} (${first?.reason})${more}`
}
