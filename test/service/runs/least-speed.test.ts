import t, { type Test } from 'tap'
import type { RunEvent } from '../../../schemas/event.js'
import type { GitSyncError } from '../../../src/errors.js'
import { Traffic } from '../../../src/git/http/traffic.js'
import { LeastSpeed } from '../../../src/service/runs/least-speed.js'
import { FakeClock } from '../../../testing/processes/fake-clock.js'

const MINUTE = 60_000
const KIB = 1024
const GIB = 1024 ** 3

/** A run under watch, 20 minutes being its window, for which others wait. */
function watched(t: Test) {
  const clock = new FakeClock()
  t.teardown(() => clock.restore())
  const traffic = new Traffic()
  const counted = traffic.item('source', 'git-upload-pack', 'fetch')
  const run = { isWaitedFor: true, error: undefined as GitSyncError | undefined }
  const watch = new LeastSpeed({
    traffic,
    window: 20 * MINUTE,
    isWaitedFor: () => run.isWaitedFor,
    onTooSlow: (error) => {
      run.error = error
    },
  })
  t.teardown(() => watch.close())
  /** Lets minutes pass, in each of which so many bytes come. */
  const pass = (minutes: number, bytes: number) => {
    for (let minute = 0; minute < minutes; minute++) {
      counted.responseBytes += bytes
      clock.advance(MINUTE)
    }
  }
  return { run, watch, pass }
}

const progress = (
  phase: 'prove' | 'relay' | 'confirm',
  sourceBytes: number,
  targetBytes: number,
): RunEvent => ({
  type: 'progress',
  phase,
  sourceBytes,
  targetBytes,
  bytesPerSecond: 0,
})

t.test('a run that drips for the window ends, and not before', async (t) => {
  const { run, pass } = watched(t)
  pass(19, 500)
  t.equal(run.error, undefined)
  pass(2, 500)
  t.match(run.error, {
    code: 'source_timeout',
    retryable: true,
    message: /source was too slow for 20 minutes.*1 KiB a second.*other runs wait/,
  })
})

t.test('it continues while no run waits', async (t) => {
  const { run, pass } = watched(t)
  run.isWaitedFor = false
  pass(300, 1)
  t.equal(run.error, undefined)
  run.isWaitedFor = true
  pass(1, 1)
  t.match(run.error, { code: 'source_timeout' })
})

t.test('a slow link is fast enough', async (t) => {
  const { run, pass } = watched(t)
  pass(300, 2 * 60 * KIB)
  t.equal(run.error, undefined)
})

t.test('phases without bytes may be as long as the window, again and again', async (t) => {
  const { run, pass } = watched(t)
  for (let phase = 0; phase < 5; phase++) {
    pass(18, 100)
    pass(1, 20 * MINUTE)
  }
  t.equal(run.error, undefined)
})

t.test('an early burst earns no lasting credit, except for the indexing of a large pack', async (t) => {
  const { run, pass } = watched(t)
  pass(1, 100 * KIB * KIB)
  pass(21, 0)
  t.match(run.error, { code: 'source_timeout' })

  const large = watched(t)
  large.pass(10, 2 * GIB)
  large.pass(5 * 60, 5)
  t.equal(large.run.error, undefined, '20 GiB take some hours')
  large.pass(60, 5)
  t.ok(large.run.error)
})

for (const [what, events, side] of [
  ['no remote has listed its refs', [], 'source'],
  ['the source alone has', [{ type: 'discovered', side: 'source', protocol: 'v2', refs: 1 }], 'target'],
  ['the target alone has', [{ type: 'discovered', side: 'target', protocol: 'v1', refs: 1 }], 'source'],
  ['a proof is waited for', [progress('prove', 0, 0)], 'source'],
  ['the target took all there is', [progress('relay', 5020, 5000)], 'source'],
  ['the target took little of what there is', [progress('relay', 50_000, 5000)], 'target'],
  ['the target has all', [progress('confirm', 5000, 5000)], 'target'],
] as [string, RunEvent[], string][]) {
  t.test(`${what}: the ${side} is waited for`, async (t) => {
    const { run, watch, pass } = watched(t)
    if (events[0]?.type === 'progress') {
      for (const side of ['source', 'target'] as const)
        watch.onEvent({ type: 'discovered', side, protocol: 'v1', refs: 1 })
    }
    for (const event of events) watch.onEvent(event)
    pass(21, 0)
    t.equal(run.error?.code, `${side}_timeout`)
  })
}
