import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { overlapsAmong } from '../../../src/engine/request/mapping-overlaps.js'
import { PatternIndex } from '../../../src/engine/request/pattern-index.js'
import { PrefixForest } from '../../../src/engine/request/prefix-forest.js'
import { RefPattern } from '../../../src/engine/request/ref-pattern.js'
import { holds } from '../../../testing/property.js'

const text = (maxLength: number) =>
  fc.array(fc.constantFrom('a', 'b', '/'), { maxLength }).map((letters) => letters.join(''))
const pattern = fc.oneof(
  text(4),
  fc.tuple(text(3), text(3)).map(([prefix, suffix]) => `${prefix}*${suffix}`),
)
const patterns = fc.array(pattern, { maxLength: 12 })

test('the index finds what each pattern alone would match', async (t) => {
  await holds(
    t,
    fc.property(patterns, fc.array(text(6), { maxLength: 10 }), (texts, names) => {
      const all = texts.map((pattern) => new RefPattern(pattern))
      const index = new PatternIndex(all.map((pattern, value) => ({ pattern, value })))
      for (const name of names) {
        const expected = [...all.keys()].filter((at) => all[at]?.match(name) !== undefined)
        assert.deepEqual(
          [...index.matches(name)].sort((a, b) => a - b),
          expected,
        )
        assert.equal(index.find(name) !== undefined, expected.length > 0)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a forest finds each string that a text begins with, the longest first', async (t) => {
  await holds(
    t,
    fc.property(fc.array(text(6), { maxLength: 12 }), text(8), (strings, whole) => {
      const forest = new PrefixForest(strings)
      const found = [...forest.prefixesOf(whole)].map((at) => forest.keys[at])
      const expected = [...new Set(strings)].filter((one) => whole.startsWith(one))
      assert.deepEqual(
        found,
        expected.sort((a, b) => b.length - a.length),
      )
      for (const [at, key] of forest.keys.entries()) {
        const within = forest.keys.filter((one) => one.startsWith(key))
        assert.equal(forest.endOf(at) - at, within.length)
      }
    }),
    { numRuns: 1000 },
  )
})

/** Whether two targets exclude each other, asked pair by pair. */
function isOverlap(a: string, b: string): boolean {
  return [...overlapsAmong([new RefPattern(a), new RefPattern(b)])].length > 0
}

test('overlaps among many are found exactly if two of them overlap, and truly do', async (t) => {
  await holds(
    t,
    fc.property(patterns, (texts) => {
      const pairs = [...overlapsAmong(texts.map((one) => new RefPattern(one)))]
      const any = texts.some((a, i) => texts.some((b, j) => i < j && isOverlap(a, b)))
      assert.equal(pairs.length > 0, any)
      for (const [one, other] of pairs) {
        assert.notEqual(one, other)
        assert.ok(isOverlap(texts[one] as string, texts[other] as string))
      }
    }),
    { numRuns: 2000 },
  )
})
