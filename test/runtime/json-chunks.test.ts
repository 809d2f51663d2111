import fc from 'fast-check'
import t from 'tap'
import { bodyOf, jsonChunks } from '../../src/runtime/json-chunks.js'
import { holds } from '../../testing/property.js'

const whole = (value: unknown) => [...jsonChunks(value)].join('')

const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.date(),
  fc.constant({ toJSON: () => ['what it says of itself'] }),
)
const member = fc.oneof(leaf, fc.constant(undefined))
/** About as many rows as are written at once, or some more, and one that is not like the others. */
const longArray = fc
  .tuple(
    member,
    fc.oneof(member, fc.array(leaf, { maxLength: 3 })),
    fc.integer({ min: 499, max: 1503 }),
    fc.nat(),
  )
  .map(([one, other, length, at]) => Array.from({ length }, (_, i) => (i === at % length ? other : one)))

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    longArray,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string(), fc.oneof(tie('value'), fc.constant(undefined)), { maxKeys: 4 }),
  ),
}))

t.test('the pieces together are what JSON.stringify gives', async (t) => {
  await holds(
    t,
    fc.property(value, (value) => whole(value) === JSON.stringify(value)),
    { numRuns: 150 },
  )
  t.pass('150 values')
})

t.test('the same for what is easily got wrong', async (t) => {
  const rows = (length: number) => Array.from({ length }, (_, i) => ({ name: `refs/heads/${i}` }))
  const values: Record<string, unknown> = {
    'an empty object': {},
    'an empty list': [],
    'a list of just as many rows as are written at once': rows(500),
    'a list of one row more': rows(501),
    'a list of twice as many rows': { refs: rows(1000) },
    'undefined before, between and after': {
      a: undefined,
      refs: rows(501),
      b: undefined,
      c: 1,
      d: undefined,
    },
    'nothing but a long list that is undefined': { refs: undefined },
    'undefined among many rows': [...rows(500), undefined, ...rows(3)],
    'a long list below two objects': {
      type: 'error',
      error: { code: 'x', result: { refs: rows(777), n: 1 } },
    },
    'a long list below a list': [{ refs: rows(600) }],
    'two long lists': { refs: rows(600), errors: rows(501) },
    'long lists in a long list': Array.from({ length: 501 }, (_, i) => (i === 7 ? rows(501) : i)),
    'an own key called __proto__': JSON.parse(`{"__proto__": ${JSON.stringify(rows(501))}}`),
    'text that JSON escapes': { 'a "quoted"\nkey\u2028': [...rows(501), '\ud800"\\'] },
  }
  for (const [name, value] of Object.entries(values)) t.equal(whole(value), JSON.stringify(value), name)
})

t.test('no piece holds more than 500 rows', async (t) => {
  const refs = Array.from({ length: 10_000 }, (_, i) => `ref-${String(i).padStart(5, '0')}`)
  const pieces = [...jsonChunks({ counts: { applied: 1 }, refs, plan: { digest: 'sha256:' } })]
  const rowsOf = (piece: string) => piece.split('ref-').length - 1
  t.equal(Math.max(...pieces.map(rowsOf)), 500)
  t.equal(
    pieces.reduce((sum, piece) => sum + rowsOf(piece), 0),
    10_000,
  )
})

t.test('a body that is read as fast as it is made leaves turns of the event loop to others', async (t) => {
  let [turns, isOver] = [0, false]
  const count = () => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  // A reader that never waits for anything but the next piece.
  for await (const piece of bodyOf(['x'.repeat(40_000_000)])) Buffer.from(String(piece))
  isOver = true
  t.ok(turns > 3, `${turns} turns`)
})
