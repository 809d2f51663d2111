import t from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { holdAfter } from '../../testing/faults/response-faults.js'
import { gitSyncAlone } from '../../testing/processes/command.js'

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  t.test(`${signal} in the middle ends git on both sides, and no ref moves`, async (t) => {
    const held = holdAfter(500_000)
    const { source, target } = await stage(t, {
      source: {
        handle: ({ kind, index }) =>
          kind === 'call' && index === 1 ? { type: 'rewrite', transform: held.transform } : undefined,
      },
    })
    await source.bigHistory({ commits: 10, bytesPerCommit: 2_500_000 })
    const on = { stderr: /[1-9][\d.]* KiB written/, action: (pid: number) => process.kill(pid, signal) }

    const ended = await gitSyncAlone(['sync', source.url, target.url, '--progress'], { on })

    t.equal(ended.status, status)
    t.equal(ended.stdout, '')
    t.match(ended.stderr, '(cancelled)')
    await Promise.all([source.server.idle(), target.server.idle()])
    t.strictSame(await target.soundRefs(), {})
  })
}

t.test('GITSYNC_RUN_TIMEOUT and GITSYNC_STALL_TIMEOUT end a run', async (t) => {
  const { source, target } = await stage(t, { source: { intercept: () => {} } })
  const run = (env: NodeJS.ProcessEnv) => gitSyncAlone(['sync', source.url, target.url], { env })
  const late = await run({ GITSYNC_RUN_TIMEOUT: '300ms' })
  t.equal(late.status, 1)
  t.match(late.stderr, /\(deadline_exceeded\)\nNext: .*GITSYNC_RUN_TIMEOUT/)
  const stalled = await run({ GITSYNC_STALL_TIMEOUT: '300ms' })
  t.equal(stalled.status, 1)
  t.match(stalled.stderr, /\(source_timeout\)\nNext: .*GITSYNC_STALL_TIMEOUT/)
})
