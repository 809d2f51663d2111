import { GitSyncError } from '../../errors.js'
import { RemoteFatalError } from '../../git/wire/protocol-error.js'
import { toProblem } from '../../problem.js'
import { printable } from '../../runtime/printable.js'
import type { SettingError } from '../../settings/setting-error.js'
import { inFlags, inOwnWords, reasonInFlags } from '../flags/flag-names.js'
import type { RunFlags } from '../flags/flags.js'
import { exitStatus } from './exit-status.js'
import { nextStep } from './next-step.js'
import { print, printJson, type TextOptions, textOptions } from './output.js'
import { syncText } from './sync-text.js'
import { table } from './table.js'

const MAX_REFS = 20
const MAX_MESSAGE = 2_000
const MAX_CAUSES = 20

/** Says on stderr what went wrong and what to do; on stdout, what a run has moved all the same. Gives the exit status. */
export async function reportFailure(error: GitSyncError | SettingError, flags: RunFlags): Promise<number> {
  if (!(error instanceof GitSyncError)) {
    await print(process.stderr, [`git-sync: ${printable(error.message, MAX_MESSAGE)}`])
    return exitStatus.usage
  }
  const { result } = error
  if (flags.json) await printJson(toProblem(error, crypto.randomUUID()))
  else if (result && result.counts.applied + result.counts.deleted > 0) {
    await print(process.stdout, syncText(result, textOptions(process.stdout, flags)))
  }
  await print(process.stderr, failureText(error, textOptions(process.stderr, flags)))
  return statusOf(error)
}

function* failureText(error: GitSyncError, { style, verbose }: TextOptions): Generator<string> {
  const { code, message, refs = [], errors = [] } = error
  const text = inOwnWords(printable(message, MAX_MESSAGE), wordsOfRemotes(error))
  yield `${style.red('git-sync:')} ${text} ${style.dim(`(${code})`)}`
  // One field that is wrong is in the message already.
  if (errors.length > 1) {
    yield* table(errors.map((problem) => [` ${inFlags(problem.path)}`, inFlags(problem.message)]))
  }
  const shown = verbose ? refs : refs.slice(0, MAX_REFS)
  yield* table(shown.map(({ ref, reason }) => [{ text: ref, look: style.yellow }, reasonInFlags(reason)]))
  if (shown.length < refs.length) yield style.dim(`and ${refs.length - shown.length} more (-v shows all)`)
  const next = nextStep(error)
  if (next) yield next
}

/** What remotes have said of it, as the message repeats it. */
function* wordsOfRemotes(error: GitSyncError): Generator<string> {
  let cause = error.cause
  for (let depth = 0; cause instanceof Error && depth < MAX_CAUSES; depth++) {
    if (cause instanceof RemoteFatalError) yield cause.message
    cause = cause.cause
  }
  for (const { reason } of error.refs?.slice(0, 1) ?? []) yield reason
}

function statusOf({ code }: GitSyncError): number {
  if (code === 'invalid_request') return exitStatus.usage
  return code === 'blocked_refs' ? exitStatus.blocked : exitStatus.failed
}
