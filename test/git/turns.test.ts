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

test('many who have long work share a turn, and come on alike', async (t) => {
  const WORKERS = 50
  const done = new Uint32Array(WORKERS)
  let widest = 0
  let turns = 0
  let isOver = false
  const others = () => {
    turns++
    if (!isOver) setImmediate(others)
  }
  setImmediate(others)
  const items = Array.from({ length: 4096 })
  const before = process.cpuUsage()
  const workers = Array.from(done, (_, worker) =>
    eachInTurns(items, () => {
      const until = performance.now() + 0.005
      while (performance.now() < until);
      done[worker] = (done[worker] as number) + 1
      if (worker === 0) widest = Math.max(widest, Math.max(...done) - Math.min(...done))
    }),
  )
  await Promise.all(workers)
  isOver = true
  const { user, system } = process.cpuUsage(before)

  const each = (user + system) / 1000 / turns
  t.ok(each < 50, `${each.toFixed(1)} ms of work a turn`)
  t.ok(widest <= 1024, `at most ${widest} items apart`)
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
