import t from 'tap'
import { failureOf, type SideOptions, stage } from '../../../testing/cases/stage.js'
import type { Action } from '../../../testing/faults/proxy-actions.js'
import { mapPackets } from '../../../testing/faults/response-faults.js'
import { pkt } from '../../../testing/packets/wire.js'

const MIB = 1024 * 1024

/** A target whose pushes, counted from 1, meet what `action` says. */
function pushesMeet(action: (push: number) => Action | undefined): SideOptions {
  let pushes = 0
  return {
    handle: ({ kind, service }) =>
      kind === 'call' && service === 'git-receive-pack' ? action(++pushes) : undefined,
  }
}

const history = { commits: 40, bytesPerCommit: 80_000 }

for (const status of [408, 413, 504]) {
  t.test(`a ${status} while the body goes out switches steps on by itself`, async (t) => {
    const target = pushesMeet(() => ({ type: 'limit-request', bytes: 1.5 * MIB, status }))
    const on = await stage(t, { target })
    await on.source.bigHistory(history)

    const result = await on.client.sync(on.request(), on.watch)

    t.strictSame(await on.target.soundRefs(), await on.source.refs())
    t.equal(result.execution.transferMode, 'bootstrap-batch')
    t.ok(result.execution.batch.done > 2)
    const notice = on.events.find((event) => event.type === 'notice')
    t.match(notice, {
      text: new RegExp(`${status} after \\d[\\d.]* [KM]iB: splitting what is left into \\d+ packs`),
    })
  })
}

t.test('so does a connection that is cut after more than 1 MiB', async (t) => {
  const target = pushesMeet(() => ({ type: 'cut-request', after: 2 * MIB }))
  const on = await stage(t, { target })
  await on.source.bigHistory(history)

  const result = await on.client.sync(on.request(), on.watch)

  t.strictSame(await on.target.soundRefs(), await on.source.refs())
  t.equal(result.execution.transferMode, 'bootstrap-batch')
  t.match(
    on.events.find((event) => event.type === 'notice'),
    { text: /closed the connection after/ },
  )
})

t.test('smaller steps that are cut too end the run', async (t) => {
  const target = pushesMeet((push) => ({ type: 'cut-request', after: push === 1 ? 2 * MIB : 100_000 }))
  const on = await stage(t, { target })
  await on.source.bigHistory(history)

  const error = await failureOf(on.client.sync(on.request()))

  t.equal(error.code, 'target_unreachable')
  t.ok((on.target.proxy?.requests.length ?? 0) < 10, 'and soon')
  t.strictSame(await on.target.soundRefs(), {})
})

t.test('a cut before 1 MiB is no limit', async (t) => {
  const target = pushesMeet(() => ({ type: 'cut-request', after: 300_000 }))
  const on = await stage(t, { target })
  // The system's buffers may swallow all of it before the cut is noticed: that is less than 1 MiB still.
  await on.source.bigHistory({ ...history, commits: 10 })

  const error = await failureOf(on.client.sync(on.request(), on.watch))

  t.equal(error.code, 'target_unreachable')
  t.notOk(on.events.some((event) => event.type === 'notice'))
  t.strictSame(await on.target.soundRefs(), {})
})

t.test('where steps are impossible, a refusal by size or time says why', async (t) => {
  const on = await stage(t, {
    target: {
      config: { 'receive.maxInputSize': '500000' },
      handle: ({ kind, service }) =>
        kind === 'info-refs' && service === 'git-receive-pack'
          ? { type: 'rewrite', transform: withoutDeleteRefs() }
          : undefined,
    },
  })
  await on.source.bigHistory(history)

  const error = await failureOf(on.client.sync(on.request()))

  t.equal(error.code, 'pack_limit_exceeded')
  t.match(error.message, /cannot delete refs/)
  t.strictSame(await on.target.soundRefs(), {})
})

const withoutDeleteRefs = () =>
  mapPackets(({ raw, payload }) =>
    payload?.includes('delete-refs') ? pkt(payload.toString().replace(' delete-refs', '')) : raw,
  )
