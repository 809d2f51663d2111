import fc from 'fast-check'
import t from 'tap'
import { GitSyncError } from '../../../src/errors.js'
import { MemoryBudget, type MemoryShare } from '../../../src/service/runs/memory-budget.js'
import { failureOf } from '../../../testing/cases/stage.js'
import { FakeClock } from '../../../testing/processes/fake-clock.js'
import { holds } from '../../../testing/property.js'

const MIB = 1024 * 1024
const never = new AbortController().signal
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** Holds so many MiB, and notes when that is granted. */
function hold(share: MemoryShare, mebibytes: number, { signal = never, purpose = 'refs' } = {}) {
  const state = { granted: false, done: Promise.resolve() }
  state.done = (async () => {
    await share.hold(purpose, mebibytes * MIB, signal)
    state.granted = true
  })()
  state.done.catch(() => {})
  return state
}

t.test('what fits is granted at once, and comes back at the end', async (t) => {
  const budget = new MemoryBudget(80 * MIB)
  const [a, b] = [budget.open(), budget.open()]
  t.equal(a.hold('refs', 30 * MIB, never), undefined)
  t.equal(b.hold('refs', 20 * MIB, never), undefined)
  t.equal(a.hold('plan', 10 * MIB, never), undefined)
  t.equal(budget.held, 60 * MIB)
  t.equal(a.hold('refs', 5 * MIB, never), undefined, 'another listing has the place of the former')
  t.equal(budget.held, 60 * MIB)
  a.retain()
  a.release()
  t.equal(budget.held, 60 * MIB, 'it has another user')
  a.release()
  t.equal(budget.held, 20 * MIB)
  b.release()
  t.equal(budget.held, 0)
})

t.test('beyond the limit runs wait, and the oldest goes first', async (t) => {
  const budget = new MemoryBudget(80 * MIB)
  const [a, b, c] = [budget.open(), budget.open(), budget.open()]
  hold(a, 60)
  const third = hold(c, 40)
  const second = hold(b, 40)
  await settled()
  t.strictSame([second.granted, third.granted, budget.isShort], [false, false, true])
  a.release()
  await settled()
  t.strictSame([second.granted, third.granted], [true, false])
  b.release()
  await third.done
  t.equal(budget.isShort, false)
  c.release()
  t.equal(budget.held, 0)
})

t.test('where each that holds any waits for more, the newest is refused', async (t) => {
  const budget = new MemoryBudget(80 * MIB)
  const shares = [budget.open(), budget.open(), budget.open()] as const
  for (const share of shares) hold(share, 20)
  const waits = shares.map((share) => hold(share, 40))
  const [first, second, third] = waits
  const refused = await failureOf(third?.done as Promise<void>)
  t.match(refused, { code: 'overloaded', retryable: true, message: /GITSYNC_MEMORY_BUDGET \(80MiB\)/ })
  t.equal(first?.granted, false, 'not before the refused one has given its memory back')
  shares[2].release()
  await first?.done
  t.equal(second?.granted, false)
  shares[0].release()
  await second?.done
  shares[1].release()
  t.equal(budget.held, 0)
})

t.test(
  'one run that needs more than the budget gets an error that names the setting and is not retryable',
  async (t) => {
    const budget = new MemoryBudget(80 * MIB)
    const share = budget.open()
    const error = await failureOf(hold(share, 71).done)
    t.match(error, {
      code: 'overloaded',
      retryable: false,
      message: /GITSYNC_MEMORY_BUDGET \(80MiB\).*raise/,
    })
  },
)

t.test('small runs do not wait for large ones', async (t) => {
  const budget = new MemoryBudget(80 * MIB)
  const large = [budget.open(), budget.open()]
  const [, waiting] = large.map((share) => hold(share, 70))
  const small = Array.from({ length: 10 }, () => budget.open())
  for (const share of small) t.equal(share.hold('refs', MIB, never), undefined)
  t.equal(budget.open().tryHold('refs', MIB), false, 'as long as there is room for them')
  t.equal(waiting?.granted, false)
  for (const share of [large[0], ...small]) share?.release()
  await waiting?.done
})

t.test('a wait ends with its run, and after a minute', async (t) => {
  const clock = new FakeClock()
  t.teardown(() => clock.restore())
  const budget = new MemoryBudget(80 * MIB)
  const [a, b, c] = [budget.open(), budget.open(), budget.open()]
  hold(a, 70)
  const disconnect = new AbortController()
  const second = hold(b, 20, { signal: disconnect.signal })
  const third = hold(c, 20)
  disconnect.abort()
  t.match(await failureOf(second.done), { code: 'cancelled' })
  const gone = hold(b, 20, { signal: disconnect.signal })
  t.match(await failureOf(gone.done), { code: 'cancelled' })
  clock.advance(59_999)
  await Promise.resolve()
  clock.advance(1)
  t.match(await failureOf(third.done), { code: 'overloaded', retryable: true })
  t.equal(budget.isShort, false)
})

t.test('whatever runs hold, the limit holds, and every wait ends', async (t) => {
  await holds(
    t,
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 5 }), { maxLength: 12 }),
      async (runs) => {
        const budget = new MemoryBudget(64 * MIB)
        await Promise.all(
          runs.map(async (steps) => {
            const share = budget.open()
            try {
              for (const [index, mebibytes] of steps.entries()) {
                await share.hold(`step ${index % 3}`, mebibytes * MIB, new AbortController().signal)
                if (budget.held > 64 * MIB) throw new Error(`${budget.held} bytes are held`)
                await settled()
              }
            } catch (error) {
              if (!(error instanceof GitSyncError && error.code === 'overloaded')) throw error
            } finally {
              share.release()
            }
          }),
        )
        return budget.held === 0 && !budget.isShort
      },
    ),
  )
})
