import t from 'tap'
import { Semaphore } from '../../src/runtime/semaphore.js'

const never = new AbortController().signal

t.test('so many at once, in the order in which they came', async (t) => {
  const semaphore = new Semaphore(2)
  const order: string[] = []
  const ends: (() => void)[] = []
  const work = (name: string) =>
    semaphore.run(never, async () => {
      order.push(name)
      await new Promise<void>((resolve) => ends.push(resolve))
    })
  const all = ['a', 'b', 'c', 'd'].map(work)
  await new Promise(setImmediate)
  t.strictSame(order, ['a', 'b'])
  ends.shift()?.()
  await new Promise(setImmediate)
  t.strictSame(order, ['a', 'b', 'c'])
  while (ends.length > 0) {
    ends.shift()?.()
    await new Promise(setImmediate)
  }
  await Promise.all(all)
  t.strictSame(order, ['a', 'b', 'c', 'd'])
})

t.test('work that is aborted while waiting takes no place, and a failure releases its place', async (t) => {
  const semaphore = new Semaphore(1)
  let end = () => {}
  const first = semaphore.run(never, () => new Promise<void>((resolve) => (end = resolve)))
  const abort = new AbortController()
  const second = semaphore.run(abort.signal, async () => t.fail('it was aborted'))
  const third = semaphore.run(never, () => Promise.reject(new Error('failed')))
  abort.abort(new Error('enough'))
  await t.rejects(second, { message: 'enough' })
  end()
  await first
  await t.rejects(third, { message: 'failed' })
  t.equal(await semaphore.run(never, async () => 'free'), 'free')
  await t.rejects(
    semaphore.run(abort.signal, async () => {}),
    { message: 'enough' },
  )
})
