import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { lineOf, splitLine, splitLineOf } from '../../../src/git/packets/line.js'
import { RemoteFatalError } from '../../../src/git/packets/protocol-error.js'
import { encodeText } from '../../../src/git/refs/byte-text.js'
import { holds } from '../../../testing/property.js'

const packetOf = (text: string | Buffer) => ({ type: 'line' as const, payload: Buffer.from(text) })

test('a line is split at its first space, and loses one line end', async (t) => {
  const cut = (text: string) => splitLineOf(packetOf(text))
  t.same(cut('a b c\n'), { word: 'a', rest: 'b c' })
  t.same(cut('a b\n\n'), { word: 'a', rest: 'b\n' })
  t.same(cut('a '), { word: 'a', rest: '' })
  t.same(cut(' a'), { word: '', rest: 'a' })
  t.same(cut('alone\n'), { word: 'alone', rest: '' })
  t.same(cut('\n'), { word: '', rest: '' })
  t.same(cut(''), { word: '', rest: '' })
  t.same(cut('ERR'), { word: 'ERR', rest: '' })
})

test('any bytes, anywhere in a buffer, come back', async (t) => {
  const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array))
  await holds(
    t,
    fc.property(bytes, bytes, bytes, (before, payload, after) => {
      fc.pre(!payload.subarray(0, 4).equals(Buffer.from('ERR ')))
      const buffer = Buffer.concat([before, payload, after])
      const { word, rest } = splitLine(buffer, before.length, before.length + payload.length)
      const hasSpace = payload.subarray(0, payload.at(-1) === 0x0a ? -1 : undefined).includes(0x20)
      const text = Buffer.concat([encodeText(word), Buffer.from(hasSpace ? ' ' : ''), encodeText(rest)])
      const end = payload.at(-1) === 0x0a ? '\n' : ''
      assert.deepEqual(Buffer.concat([text, Buffer.from(end)]), payload)
      assert.ok(!word.includes(' '))
      assert.deepEqual(encodeText(lineOf({ type: 'line', payload })), text)
    }),
    { numRuns: 1000 },
  )
})

test('an ERR line and a control packet are errors, whole or split', async (t) => {
  for (const read of [lineOf, splitLineOf]) {
    t.throws(() => read(packetOf('ERR not our ref\n')), {
      constructor: RemoteFatalError,
      message: 'not our ref',
    })
    t.throws(() => read({ type: 'delimiter' }), { message: 'unexpected delimiter packet' })
  }
})
