import { test } from 'tap'
import { printable } from '../../src/runtime/printable.js'

test('text of a remote is shown without control characters, and short', async (t) => {
  t.equal(printable(' a\x1b[31mb\r\nc\0\x7f\x9bd\t'), 'a [31mb c d')
  t.equal(printable('é 日本'), 'é 日本')
  t.equal(printable('x'.repeat(200)), 'x'.repeat(200))
  t.equal(printable('x'.repeat(201)), `${'x'.repeat(200)}…`)
  t.equal(printable('abcdef', 3), 'abc…')
})
