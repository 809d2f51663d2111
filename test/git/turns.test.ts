import { test } from 'tap'
import { eachInTurns } from '../../src/git/turns.js'

test('others have their turn in the midst of long work, and each item has its own, in order', async (t) => {
  const seen: number[] = []
  let turnsOfOthers = 0
  let isOver = false
  const others = () => {
    turnsOfOthers++
    if (!isOver) setImmediate(others)
  }
  setImmediate(others)
  const items = Array.from({ length: 5000 }, (_, item) => item)
  await eachInTurns(items, (item) => {
    seen.push(item)
    const until = performance.now() + 0.02
    while (performance.now() < until);
  })
  isOver = true
  t.same(seen, items)
  t.ok(turnsOfOthers >= 3, `${turnsOfOthers} turns`)
})

test('what the work throws ends it', async (t) => {
  const seen: number[] = []
  const work = (item: number) => {
    seen.push(item)
    if (item === 2) throw new Error('no more')
  }
  await t.rejects(eachInTurns([1, 2, 3], work), { message: 'no more' })
  t.same(seen, [1, 2])
})
