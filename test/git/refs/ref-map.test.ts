import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { RefMap } from '../../../src/git/refs/ref-map.js'
import { holds } from '../../../testing/property.js'

const names = fc.constantFrom('a', 'a/b', 'b', 'c', 'd', '\u{1f600}', '\uffff')
const steps = fc.array(fc.oneof(names, fc.tuple(names, fc.nat(9))), { maxLength: 30 })

test('whatever is set and asked for, in any order, it answers as a Map does', async (t) => {
  await holds(
    t,
    fc.property(fc.boolean(), steps, (isSorted, found) => {
      const map = new Map<string, number>()
      const refs = new RefMap<number>()
      const inOrder = isSorted ? [...found].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)) : found
      for (const step of inOrder) {
        if (typeof step === 'string') {
          assert.equal(refs.get(step), map.get(step))
          assert.equal(refs.has(step), map.has(step))
        } else {
          map.set(...step)
          refs.set(...step)
        }
      }
      assert.equal(refs.size, map.size)
      assert.deepEqual([...refs], [...map])
      assert.deepEqual([...refs.entries()], [...map])
      assert.deepEqual([[...refs.keys()], [...refs.values()]], [[...map.keys()], [...map.values()]])
      const visited: [string, number][] = []
      refs.forEach((value, name, self) => {
        assert.equal(self, refs)
        visited.push([name, value])
      })
      assert.deepEqual(visited, [...map])
    }),
    { numRuns: 1000 },
  )
})

test('a list that is walked twice in its order is found both times', async (t) => {
  const refs = new RefMap<number>()
  const list = Array.from({ length: 100 }, (_, at): [string, number] => [`refs/heads/${at + 100}`, at])
  for (const [name, at] of list) refs.set(name, at)
  for (const round of [1, 2]) {
    for (const [name, at] of list) if (refs.get(name) !== at) t.fail(`${name} in round ${round}`)
  }
  t.equal(refs.get('refs/heads/99'), undefined)
  t.equal(refs.get('refs/heads/150'), 50)
  t.equal(refs.get('refs/heads/151'), 51)
})
