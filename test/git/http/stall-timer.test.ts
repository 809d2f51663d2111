import { test } from 'tap'
import { StallTimer } from '../../../src/git/http/stall-timer.js'
import { FakeClock } from '../../../testing/processes/fake-clock.js'

function guarded(t: { teardown(action: () => void): unknown }) {
  const clock = new FakeClock()
  t.teardown(() => clock.restore())
  const stalls: number[] = []
  const guard = new StallTimer(1000, () => stalls.push(clock.now))
  return { clock, guard, stalls }
}

test('one wait that lasts too long is a stall', async (t) => {
  const { clock, guard, stalls } = guarded(t)
  clock.advance(400)
  guard.arm()
  clock.advance(999)
  t.same(stalls, [])
  clock.advance(1)
  t.same(stalls, [1400], 'counted from when the wait began')
  clock.advance(10_000)
  t.same(stalls, [1400], 'and told once')
})

test('many short waits are none, however long they last together', async (t) => {
  const { clock, guard, stalls } = guarded(t)
  for (let i = 0; i < 20; i++) {
    guard.arm()
    clock.advance(900)
  }
  t.same(stalls, [])
  clock.advance(100)
  t.equal(stalls.length, 1)
})

test('time in which nobody waits does not count', async (t) => {
  const { clock, guard, stalls } = guarded(t)
  clock.advance(5000)
  t.same(stalls, [], 'before the first wait')
  guard.arm()
  clock.advance(900)
  guard.disarm()
  clock.advance(5000)
  t.same(stalls, [], 'between two waits')
  guard.arm()
  clock.advance(999)
  t.same(stalls, [])
  clock.advance(1)
  t.equal(stalls.length, 1, 'a wait after that counts anew')
})

test('a held guard waits for nobody, armed or not, until it is released', async (t) => {
  const { clock, guard, stalls } = guarded(t)
  guard.arm()
  guard.hold()
  clock.advance(5000)
  guard.arm()
  clock.advance(5000)
  t.same(stalls, [])
  guard.release()
  clock.advance(999)
  t.same(stalls, [], 'what was held does not count')
  clock.advance(1)
  t.equal(stalls.length, 1)
  guard.disarm()
  guard.hold()
  guard.release()
  clock.advance(5000)
  t.equal(stalls.length, 1, 'a release arms nothing')
})

test('a closed guard is silent, also when armed again', async (t) => {
  const { clock, guard, stalls } = guarded(t)
  guard.arm()
  guard.close()
  clock.advance(5000)
  guard.arm()
  guard.release()
  clock.advance(5000)
  t.same(stalls, [])
})

test('a guard does not keep the process alive', async (t) => {
  const count = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = count()
  const guard = new StallTimer(60_000, () => {})
  t.teardown(() => guard.close())
  guard.arm()
  t.equal(count(), before)
})
