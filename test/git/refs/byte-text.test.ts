import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { decodeText, encodeText } from '../../../src/git/refs/byte-text.js'
import { holds } from '../../../testing/property.js'

const character = fc.oneof(
  fc.integer({ min: 0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }),
  fc.constantFrom(0x2f, 0x61, 0xe4, 0x1f480),
)
const utf8 = fc.array(character, { maxLength: 10 }).map((points) => String.fromCodePoint(...points))
const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array))

test('UTF-8 is read as such', async (t) => {
  await holds(
    t,
    fc.property(utf8, (text) => {
      assert.equal(decodeText(Buffer.from(text)), text)
      assert.deepEqual(encodeText(text), Buffer.from(text))
    }),
  )
})

test('bytes that are not UTF-8 survive the way through a string', async (t) => {
  await holds(
    t,
    fc.property(bytes, (name) => {
      assert.deepEqual(encodeText(decodeText(name)), name)
    }),
    { numRuns: 200 },
  )
})

test('two names that differ in such a byte stay two', async (t) => {
  const [a, o] = [Buffer.from('refs/heads/b\xe4r', 'latin1'), Buffer.from('refs/heads/b\xf6r', 'latin1')]
  t.not(decodeText(a), decodeText(o))
  t.match(decodeText(a), /^refs\/heads\/b.r$/s, 'and keep what is ASCII')
})

test('they survive beside any text, as behind the prefix of a mapping', async (t) => {
  await holds(
    t,
    fc.property(utf8, bytes, utf8, (prefix, name, suffix) => {
      const expected = Buffer.concat([Buffer.from(prefix), name, Buffer.from(suffix)])
      assert.deepEqual(encodeText(prefix + decodeText(name) + suffix), expected)
    }),
    { numRuns: 200, examples: [['refs/heads/\u{1f480}/', Buffer.from([0xe4]), '']] },
  )
})
