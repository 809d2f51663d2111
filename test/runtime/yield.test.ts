import { test } from 'tap'
import { forEachYielding, Pace } from '../../src/runtime/yield.js'

/** Counts the event loop's turns from now on, until it is asked how many there were. */
function countTurns(): () => number {
  let turns = 0
  let isOver = false
  const others = () => {
    turns++
    if (!isOver) setImmediate(others)
  }
  setImmediate(others)
  return () => {
    isOver = true
    return turns
  }
}

test('others have their turn in the midst of long work, and each item has its own, in order', async (t) => {
  const seen: number[] = []
  const turnsOfOthers = countTurns()
  const items = Array.from({ length: 5000 }, (_, item) => item)
  await forEachYielding(items, (item) => {
    seen.push(item)
    const until = performance.now() + 0.02
    while (performance.now() < until);
  })
  const turns = turnsOfOthers()
  t.same(seen, items)
  t.ok(turns >= 3, `${turns} turns`)
})

test('many who have long work share a turn, and come on alike', async (t) => {
  const WORKERS = 50
  const done = new Uint32Array(WORKERS)
  let widest = 0
  const turnsOfOthers = countTurns()
  const items = Array.from({ length: 4096 })
  const workers = Array.from(done, (_, worker) =>
    forEachYielding(items, () => {
      const until = performance.now() + 0.005
      while (performance.now() < until);
      done[worker] = (done[worker] as number) + 1
      if (worker === 0) widest = Math.max(widest, Math.max(...done) - Math.min(...done))
    }),
  )
  await Promise.all(workers)

  // An item takes 5 µs at least, so 4096 of them are 20 ms; a slower machine does fewer a turn.
  const each = (WORKERS * items.length) / turnsOfOthers()
  t.ok(each <= 4096, `${each.toFixed(0)} items a turn`)
  t.ok(widest <= 1024, `at most ${widest} items apart`)
})

test('what the work throws ends it', async (t) => {
  const seen: number[] = []
  const work = (item: number) => {
    seen.push(item)
    if (item === 2) throw new Error('no more')
  }
  await t.rejects(forEachYielding([1, 2, 3], work), { message: 'no more' })
  t.same(seen, [1, 2])
})

test('work is counted by what it takes, not by its items', async (t) => {
  const pace = new Pace()
  const turnsOfOthers = countTurns()
  for (let item = 0; item < 100; item++) {
    const until = performance.now() + 1
    while (performance.now() < until);
    if (pace.spend(1000)) await pace.turn()
  }
  const turns = turnsOfOthers()
  t.ok(turns >= 5, `${turns} turns`)
  t.equal(pace.spend(499), false)
  t.equal(pace.spend(1), true)
})

test('work without an end ends with its signal', async (t) => {
  const ending = new AbortController()
  const reason = new Error('the caller is gone')
  setImmediate(() => ending.abort(reason))
  const endless = (function* () {
    for (;;) yield 1
  })()
  await t.rejects(
    forEachYielding(endless, () => {}, { signal: ending.signal }),
    reason,
  )
  let isDone = false
  const work = () => {
    isDone = true
  }
  await t.rejects(forEachYielding(Array(600), work, { signal: AbortSignal.abort(reason) }), reason)
  t.ok(isDone, 'what is short is done at once')
})
