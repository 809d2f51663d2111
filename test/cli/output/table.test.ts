import t from 'tap'
import { styleOf } from '../../../src/cli/output/style.js'
import { syncText } from '../../../src/cli/output/sync-text.js'
import { table } from '../../../src/cli/output/table.js'
import { syncResult } from '../../../testing/cases/sample-responses.js'

const dull = { style: styleOf({ isTTY: false }), verbose: false }

t.test('columns are as wide as they need be, and no line ends in blanks', async (t) => {
  t.strictSame(
    [
      ...table([
        ['a', 'bbb', 'c'],
        ['aaaa', 'b', ''],
      ]),
    ],
    ['a     bbb  c', 'aaaa  b'],
  )
  t.strictSame([...table([])], [])
})

t.test('a column is as wide as a terminal shows it, not as long as its text', async (t) => {
  t.strictSame(
    [
      ...table([
        ['主要分支', 'x'],
        ['ascii', 'y'],
        ['e\u0301te\u0301', 'z'],
      ]),
    ],
    ['主要分支  x', 'ascii     y', 'e\u0301te\u0301       z'],
  )
})

t.test('a look colours the cell and not the measure', async (t) => {
  const look = (text: string | number | null | undefined) => `<${text}>`
  t.strictSame(
    [
      ...table([
        [{ text: 'a', look }, 'x'],
        ['bb', 'y'],
      ]),
    ],
    ['<a >  x', 'bb  y'],
  )
})

t.test('control characters of a remote never reach the terminal', async (t) => {
  const [ref] = syncResult.refs
  if (!ref) throw new Error('no ref')
  const reason = 'no\u001b[2J\u0007 \r\nway\u009b1m'
  const lines = [...syncText({ ...syncResult, refs: [{ ...ref, reason }] }, dull)]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  t.notMatch(lines.join(''), /[\u0000-\u001f\u007f-\u009f]/)
  t.match(lines[1], 'no [2J   way 1m')
})
