import { reasonIn } from '../../engine/plan/blocked-reasons.js'
import { GitSyncError } from '../../errors.js'
import { toProblem } from '../../problem.js'
import { printable } from '../../runtime/printable.js'
import type { SettingError } from '../../settings/setting-error.js'
import { flagNames } from '../flags/flag-names.js'
import type { RunFlags } from '../flags/flags.js'
import { exitStatus } from './exit-status.js'
import { nextStep } from './next-step.js'
import { print, printJson, type TextOptions, textOptions } from './output.js'
import { syncText } from './sync-text.js'
import { table } from './table.js'

const MAX_REFS = 20
const MAX_MESSAGE = 2_000

/** Prints to stderr what went wrong and what to do, and to stdout what a failed run has moved. Returns the exit status. */
export async function reportFailure(error: GitSyncError | SettingError, flags: RunFlags): Promise<number> {
  if (!(error instanceof GitSyncError)) {
    await print(process.stderr, [`git-sync: ${printable(error.message, MAX_MESSAGE)}`])
    return exitStatus.usage
  }
  const { result } = error.wordedIn(flagNames)
  if (flags.json) await printJson(toProblem(error, crypto.randomUUID()))
  else if (result && result.counts.applied + result.counts.deleted > 0) {
    await print(process.stdout, syncText(result, textOptions(process.stdout, flags)))
  }
  await print(process.stderr, failureText(error, textOptions(process.stderr, flags)))
  return statusOf(error)
}

function* failureText(error: GitSyncError, { style, verbose }: TextOptions): Generator<string> {
  const { code } = error
  const { message, refs = [], errors = [] } = error.wordedIn(flagNames)
  yield `${style.red('git-sync:')} ${printable(message, MAX_MESSAGE)} ${style.dim(`(${code})`)}`
  // The message already names a single wrong field.
  if (errors.length > 1) {
    yield* table(errors.map((problem) => [` ${flagNames.pointer(problem.path)}`, problem.message]))
  }
  const shown = verbose ? refs : refs.slice(0, MAX_REFS)
  yield* table(
    shown.map(({ ref, reason }) => [{ text: ref, look: style.yellow }, reasonIn(flagNames, reason)]),
  )
  if (shown.length < refs.length) yield style.dim(`and ${refs.length - shown.length} more (-v shows all)`)
  const next = nextStep(error)
  if (next) yield next
}

function statusOf({ code }: GitSyncError): number {
  if (code === 'invalid_request') return exitStatus.usage
  return code === 'blocked_refs' ? exitStatus.blocked : exitStatus.failed
}
