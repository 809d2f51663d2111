import type { ProbeResult } from '../../../schemas/result.js'
import { printable } from '../../runtime/printable.js'
import { counted } from '../../runtime/units.js'
import type { TextOptions } from './output.js'
import { measuredText } from './stats-text.js'
import { table } from './table.js'

const MAX_ROWS = 200

/** The source's refs, and the capabilities of the remotes. */
export function* probeText(result: ProbeResult, { style, verbose }: TextOptions): Generator<string> {
  const { refs, protocol, sourceHead, sourceCapabilities, targetCapabilities } = result
  const shown = verbose ? refs : refs.slice(0, MAX_ROWS)
  yield* table(shown.map(({ name, hash }) => [{ text: hash, look: style.yellow }, name]))
  if (shown.length < refs.length)
    yield style.dim(`not shown: ${refs.length - shown.length} more (-v shows all)`)
  if (refs.length > 0) yield ''
  const head = sourceHead === undefined ? '' : `, HEAD is ${printable(sourceHead)}`
  yield `${style.bold('source')}: ${counted(refs.length, 'ref')}, protocol ${protocol}${head}`
  yield* table([['can:', sourceCapabilities.join(' ')], ...lfsRow(result.sourceLfs)])
  if (targetCapabilities) {
    yield style.bold('target')
    yield* table([['can:', targetCapabilities.join(' ')], ...lfsRow(result.targetLfs)])
  }
  yield* measuredText(result)
}

function lfsRow(hasLfs: boolean | undefined): string[][] {
  return hasLfs === undefined ? [] : [['LFS:', hasLfs ? 'yes' : 'no server that lets us in']]
}
