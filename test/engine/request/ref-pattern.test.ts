import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { overlapsAmong } from '../../../src/engine/request/mapping-overlaps.js'
import { RefPattern } from '../../../src/engine/request/ref-pattern.js'
import { holds } from '../../../testing/property.js'

const pattern = (text: string) => new RefPattern(text)

test('a name without a star matches itself', async (t) => {
  const main = pattern('refs/heads/main')
  t.equal(main.match('refs/heads/main'), '')
  t.equal(main.match('refs/heads/mainly'), undefined)
  t.equal(main.match('refs/heads/mai'), undefined)
  t.equal(main.hasStar, false)
  t.equal(main.prefix, 'refs/heads/main')
  t.equal(main.expand('x'), 'refs/heads/main')
})

test('a star stands for any text, slashes too, as in a refspec', async (t) => {
  const star = pattern('refs/heads/release/*-lts')
  t.equal(star.match('refs/heads/release/2-lts'), '2')
  t.equal(star.match('refs/heads/release/a/b-lts'), 'a/b')
  t.equal(star.match('refs/heads/release/-lts'), '')
  t.equal(star.match('refs/heads/release/2'), undefined)
  t.equal(star.match('refs/heads/rel/2-lts'), undefined)
  t.equal(pattern('refs/heads/aba*aba').match('refs/heads/ababa'), undefined, 'both ends have to fit beside')
  t.equal(star.hasStar, true)
  t.equal(star.prefix, 'refs/heads/release/')
})

test('what is special in a regular expression is not here', async (t) => {
  t.equal(pattern('refs/heads/a.b').match('refs/heads/axb'), undefined)
  t.equal(pattern('refs/heads/(a+)*').match('refs/heads/(a+)$&'), '$&')
  t.equal(pattern('refs/heads/*').expand('$&$1'), 'refs/heads/$&$1')
})

const text = (maxLength: number) =>
  fc.array(fc.constantFrom('a', 'b', '/'), { maxLength }).map((letters) => letters.join(''))
const patterns = fc.oneof(
  text(3),
  fc.tuple(text(2), text(2)).map(([prefix, suffix]) => `${prefix}*${suffix}`),
)

/** Every name of up to four letters: enough for two patterns with ends of two to meet in one of them. */
const names = ['']
for (const name of names) if (name.length < 4) names.push(...['a', 'b', '/'].map((letter) => name + letter))

test('two patterns overlap, in both directions, exactly if a name matches both, or one is a folder of the other', async (t) => {
  await holds(
    t,
    fc.property(patterns, patterns, (a, b) => {
      const [x, y] = [pattern(a), pattern(b)]
      const common = names.some((name) => x.match(name) !== undefined && y.match(name) !== undefined)
      const isBelow = `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`)
      assert.equal([...overlapsAmong([x, y])].length > 0, common || isBelow)
      assert.equal([...overlapsAmong([y, x])].length > 0, common || isBelow)
    }),
    { numRuns: 2000 },
  )
})

test('what a star stood for, put back, gives the name again', async (t) => {
  await holds(
    t,
    fc.property(patterns, fc.constantFrom(...names), (a, name) => {
      const star = pattern(a).match(name)
      if (star !== undefined) assert.equal(pattern(a).expand(star), name)
      assert.equal(pattern(a).match(pattern(a).expand(name)) !== undefined, true)
    }),
    { numRuns: 1000 },
  )
})
