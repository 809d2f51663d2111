import type { Action, RefResult, SyncResult } from '../../../schemas/result.js'
import { reasonIn } from '../../engine/plan/blocked-reasons.js'
import { printable } from '../../runtime/printable.js'
import { byteSize, counted } from '../../runtime/units.js'
import { flagNames } from '../flags/flag-names.js'
import type { TextOptions } from './output.js'
import { measuredText } from './stats-text.js'
import type { Style } from './style.js'
import { table } from './table.js'
import { shortId } from './words.js'

/** Rows of one action that are shown without -v. */
const MAX_ROWS = 50
const MAX_FAILED = 10

/** A plan or its outcome: a row for each ref, and a summary. */
export function* syncText(result: SyncResult, options: TextOptions): Generator<string> {
  const { style, verbose } = options
  const { shown, hidden } = choose(result.refs, verbose)
  if (shown.length > 0) {
    const head = ['ACTION', 'REF', 'OLD -> NEW', 'WHY'].map((text) => ({ text, look: style.bold }))
    yield* table([head, ...shown.map((ref) => row(ref, style))])
  }
  if (hidden.size > 0)
    yield style.dim(`not shown: ${[...hidden].map(([what, n]) => `${n} ${what}`).join(', ')} (-v shows all)`)
  if (shown.length > 0 || hidden.size > 0) yield ''
  yield* result.execution.dryRun ? planSummary(result, style) : runSummary(result, style)
  yield* lfsText(result, style)
  yield* measuredText(result)
}

function* lfsText({ lfs, execution }: SyncResult, style: Style): Generator<string> {
  if (!lfs || lfs.pointers === 0) return
  const { pointers, bytes, present, moved, movedBytes, missing, failed } = lfs
  const lacking = execution.dryRun ? `${missing} to move` : missing > 0 ? style.red(`${missing} missing`) : ''
  const parts = [
    `${present} present`,
    ...(execution.dryRun ? [] : [`${moved} moved (${byteSize(movedBytes)})`]),
  ]
  if (lacking !== '') parts.push(lacking)
  yield `${style.bold('LFS')}: ${counted(pointers, 'object')}, ${byteSize(bytes)}: ${parts.join(', ')}`
  for (const { oid, reason } of failed.slice(0, MAX_FAILED)) yield `  ${oid} ${printable(reason, 300)}`
}

/** Omits refs that do not change, and all but the first rows of each action. */
function choose(refs: readonly RefResult[], verbose: boolean) {
  const seen = new Map<Action, number>()
  const hidden = new Map<string, number>()
  const shown = refs.filter(({ action }) => {
    const count = (seen.get(action) ?? 0) + 1
    seen.set(action, count)
    if (verbose || (action !== 'skip' && count <= MAX_ROWS)) return true
    const what = action === 'skip' ? 'up to date' : `more to ${action}`
    hidden.set(what, (hidden.get(what) ?? 0) + 1)
    return false
  })
  return { shown, hidden }
}

function row({ action, targetRef, sourceRef, targetHash, sourceHash, reason }: RefResult, style: Style) {
  const isRenamed = sourceRef !== '' && sourceRef !== targetRef
  return [
    { text: action, look: looks(style)[action] },
    isRenamed ? `${targetRef} (from ${sourceRef})` : targetRef,
    `${shortId(targetHash).padEnd(8)} -> ${shortId(sourceHash)}`,
    reasonIn(flagNames, reason),
  ]
}

function looks(style: Style): Record<Action, Style['red']> {
  const { green, yellow, red, dim, magenta } = style
  return { create: green, update: yellow, delete: red, skip: dim, block: red, warn: magenta }
}

function* planSummary({ plan }: SyncResult, style: Style): Generator<string> {
  const { create, update, forced, block, skip, digest } = plan
  const ofThem = forced > 0 ? ` (${forced} forced)` : ''
  const parts = [`${create} to create`, `${update} to update${ofThem}`, `${plan.delete} to delete`]
  const blocked = block > 0 ? `, ${style.red(`${block} blocked`)}` : ''
  yield `${style.bold('plan')}: ${parts.join(', ')}, ${skip} up to date${blocked}`
  if (block > 0)
    yield 'While refs are blocked, a sync pushes nothing; --force-with-lease or replicate overwrites them.'
  yield `digest ${digest}`
}

function* runSummary({ refs, counts, execution }: SyncResult, style: Style): Generator<string> {
  const { applied, deleted, skipped, blocked, warned } = counts
  const created = refs.filter(({ action }) => action === 'create').length
  const parts = [
    `${created} created`,
    `${applied - created} updated`,
    `${deleted} deleted`,
    `${skipped} up to date`,
  ]
  if (warned > 0) parts.push(style.magenta(`${warned} refused`))
  if (blocked > 0) parts.push(style.red(`${blocked} not moved`))
  const pushes = execution.batch.done > 1 ? `, ${execution.batch.done} pushes` : ''
  const word = blocked > 0 ? style.red('failed') : style.green('done')
  yield `${word}: ${parts.join(', ')} (${execution.transferMode}${pushes})`
}
