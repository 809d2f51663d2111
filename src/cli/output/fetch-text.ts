import type { FetchResult } from '../../../schemas/unstable.js'
import { byteSize, counted } from '../../runtime/units.js'
import type { TextOptions } from './output.js'
import { measuredText } from './stats-text.js'
import { table } from './table.js'

const MAX_ROWS = 50

/** The wanted refs, and the size of the pack. */
export function* fetchText(result: FetchResult, { style, verbose }: TextOptions): Generator<string> {
  const { wants, haves, objects, bytes, protocol } = result
  const shown = verbose ? wants : wants.slice(0, MAX_ROWS)
  yield* table(shown.map(({ name, hash }) => [{ text: hash, look: style.yellow }, name]))
  if (shown.length < wants.length)
    yield style.dim(`not shown: ${wants.length - shown.length} more (-v shows all)`)
  yield ''
  const asked = `${counted(wants.length, 'want')}, ${counted(haves.length, 'have')}`
  yield `${style.bold('pack')}: ${counted(objects, 'object')}, ${counted(bytes, 'byte')} (${byteSize(bytes)}) for ${asked}, protocol ${protocol}`
  yield* measuredText(result)
}
