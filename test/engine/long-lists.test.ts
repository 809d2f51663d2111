import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { namesFreedBy } from '../../src/engine/plan/freed-names.js'
import { planRefs, summarize } from '../../src/engine/plan/plan-refs.js'
import { schedulePushes } from '../../src/engine/plan/schedule.js'
import { selectRefs } from '../../src/engine/plan/select.js'
import { toScope } from '../../src/engine/request/scope.js'
import { LargeMap } from '../../src/runtime/large-map.js'
import { sortInTurns } from '../../src/runtime/sort-yielding.js'
import { id, planInput, planned } from '../../testing/cases/planned.js'
import { holds } from '../../testing/property.js'

const named = (name: string) => ({ targetRef: `refs/heads/${name}` })
const GONE = new Error('the caller is gone')

test('sorting in turns is sorting, and keeps equal items as they came', async (t) => {
  const items = fc.array(fc.tuple(fc.nat(20), fc.nat()), { maxLength: 40 })
  const compare = ([a]: [number, number], [b]: [number, number]) => a - b
  await holds(
    t,
    fc.asyncProperty(items, fc.nat(3), async (few, times) => {
      const list = Array.from({ length: 40 * times + 1 }, () => few).flat()
      assert.deepEqual(await sortInTurns(list, compare), [...list].sort(compare))
    }),
    { numRuns: 100 },
  )
})

test('a large map is a map, also where it is several', (t) => {
  const map = new LargeMap<number, number>()
  const COUNT = 300_000
  for (let key = 0; key < COUNT; key++) map.set(key, -key)
  map.set(5, 1).set(COUNT - 1, 2)
  t.same(
    [map.get(0), map.get(5), map.get(COUNT - 1), map.get(COUNT), map.has(COUNT)],
    [-0, 1, 2, undefined, false],
  )
  t.end()
})

test('freed names are those that cannot stand beside a deleted one', async (t) => {
  const part = fc.constantFrom('a', 'b', 'a-b', 'a.b')
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  const paths = fc.uniqueArray(path, { maxLength: 12 })
  await holds(
    t,
    fc.asyncProperty(paths, fc.nat(12), async (all, at) => {
      const [deleted, created] = [all.slice(0, at), all.slice(at)]
      const clashes = (name: string) =>
        deleted.some((other) => `${name}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${name}/`))
      const freed = await namesFreedBy(deleted.map(named), created.map(named))
      const expected = created.filter(clashes).map((name) => named(name).targetRef)
      assert.deepEqual([...freed].sort(), expected.sort())
    }),
    { numRuns: 500 },
  )
})

test('names with two thousand parents each cost no more than others', async (t) => {
  const deep = (number: number) => named(`${'a/'.repeat(2000)}${number}`)
  const deletes = Array.from({ length: 500 }, (_, number) => deep(number))
  const creates = Array.from({ length: 500 }, (_, number) => deep(number + 500))
  const before = process.cpuUsage()
  t.equal((await namesFreedBy(deletes, [...creates, named('a/a')])).size, 1)
  const { user, system } = process.cpuUsage(before)
  t.ok(user + system < 5_000_000, `${user + system} µs, where all parents of all names would take minutes`)
})

test('selection and planning of what somebody else has made long end with the run', async (t) => {
  const refs = new Map(Array.from({ length: 2000 }, (_, at) => [`refs/heads/b${at}`, id('a')]))
  const excludeRefs = Array.from({ length: 20_000 }, (_, at) => `refs/heads/x${at}*`)
  const ending = new AbortController()
  setTimeout(() => ending.abort(GONE), 20)
  const before = process.cpuUsage()
  await t.rejects(selectRefs(toScope({ excludeRefs }, false), refs, ending.signal), GONE)
  const { user, system } = process.cpuUsage(before)
  t.ok(user + system < 500_000, `${user + system} µs`)
  const input = await planInput({ source: Object.fromEntries(refs), target: {} })
  await t.rejects(planRefs({ ...input, signal: AbortSignal.abort(GONE) }), GONE)
  const plan = await planRefs(input)
  await t.rejects(summarize(plan, id('0'), AbortSignal.abort(GONE)), GONE)
  await t.rejects(schedulePushes(plan, undefined, 10, AbortSignal.abort(GONE)), GONE)
})

test('an action counts by what its command does, and one that does something else is not scheduled', async (t) => {
  const main = planned('update', 'refs/heads/main')
  const nulled = { ...main, sourceHash: id('0') }
  t.match(await summarize([nulled], id('0')), { update: 0, delete: 1 })
  t.match(await summarize([{ ...main, targetHash: '' }], id('0')), { update: 0, create: 1 })
  for (const wrong of [nulled, { ...main, sourceHash: '' }, { ...main, targetHash: '' }]) {
    await t.rejects(schedulePushes([wrong], undefined, 10), { code: 'internal' })
  }
})
