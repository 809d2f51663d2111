import { test } from 'tap'
import { StallTimer } from '../../../src/git/http/stall-timer.js'
import { FakeClock } from '../../../testing/processes/fake-clock.js'

function timed(t: { teardown(action: () => void): unknown }) {
  const clock = new FakeClock()
  t.teardown(() => clock.restore())
  const stalls: number[] = []
  const timer = new StallTimer(1000, () => stalls.push(clock.now))
  return { clock, timer, stalls }
}

test('one wait that lasts too long is a stall', async (t) => {
  const { clock, timer, stalls } = timed(t)
  clock.advance(400)
  timer.start()
  clock.advance(999)
  t.same(stalls, [])
  clock.advance(1)
  t.same(stalls, [1400], 'counted from when the wait began')
  clock.advance(10_000)
  t.same(stalls, [1400], 'and told once')
})

test('many short waits are none, however long they last together', async (t) => {
  const { clock, timer, stalls } = timed(t)
  for (let i = 0; i < 20; i++) {
    timer.start()
    clock.advance(900)
  }
  t.same(stalls, [])
  clock.advance(100)
  t.equal(stalls.length, 1)
})

test('time in which nobody waits does not count', async (t) => {
  const { clock, timer, stalls } = timed(t)
  clock.advance(5000)
  t.same(stalls, [], 'before the first wait')
  timer.start()
  clock.advance(900)
  timer.stop()
  clock.advance(5000)
  t.same(stalls, [], 'between two waits')
  timer.start()
  clock.advance(999)
  t.same(stalls, [])
  clock.advance(1)
  t.equal(stalls.length, 1, 'a wait after that counts anew')
})

test('a paused timer counts no wait, begun before or meanwhile, until it resumes', async (t) => {
  const { clock, timer, stalls } = timed(t)
  timer.start()
  timer.pause()
  clock.advance(5000)
  timer.start()
  clock.advance(5000)
  t.same(stalls, [])
  timer.resume()
  clock.advance(999)
  t.same(stalls, [], 'the pause does not count')
  clock.advance(1)
  t.equal(stalls.length, 1)
  timer.stop()
  timer.pause()
  timer.resume()
  clock.advance(5000)
  t.equal(stalls.length, 1, 'to resume starts nothing')
})

test('a closed timer is silent, also when started again', async (t) => {
  const { clock, timer, stalls } = timed(t)
  timer.start()
  timer.close()
  clock.advance(5000)
  timer.start()
  timer.resume()
  clock.advance(5000)
  t.same(stalls, [])
})

test('a timer does not keep the process alive', async (t) => {
  const count = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = count()
  const timer = new StallTimer(60_000, () => {})
  t.teardown(() => timer.close())
  timer.start()
  t.equal(count(), before)
})
