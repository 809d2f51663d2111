import { test } from 'tap'
import { printable, RemoteFatalError } from '../../src/git/protocol-error.js'

test('text of a remote is shown without control characters, and short', async (t) => {
  t.equal(printable(' a\x1b[31mb\r\nc\0\x7f\x9bd\t'), 'a [31mb c d')
  t.equal(printable('é 日本'), 'é 日本')
  t.equal(printable('x'.repeat(200)), 'x'.repeat(200))
  t.equal(printable('x'.repeat(201)), `${'x'.repeat(200)}…`)
  t.equal(printable('abcdef', 3), 'abc…')
})

test('a refused want, in the words of each server', async (t) => {
  const refusals = [
    'upload-pack: not our ref 12',
    'want 12 not valid',
    'object not found',
    'Not our ref: not our ref',
  ]
  for (const text of refusals) t.equal(new RemoteFatalError(text).isRefusedWant, true, text)
  for (const text of ['out of memory', 'invalid request', 'not validated', 'cannot our ref']) {
    t.equal(new RemoteFatalError(text).isRefusedWant, false, text)
  }
})

test('a remote that gives no reason', async (t) => {
  t.equal(new RemoteFatalError('\r\n').message, 'it gave no reason')
})
