import t from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { DOCUMENT, eventsOf, problemOf, STREAM, serveApp } from '../../testing/processes/served-app.js'

t.test('POST /replicate overwrites what diverged, whatever mode was sent', async (t) => {
  const { source, target, client, request } = await stage(t)
  const { post } = await serveApp(t, { client })
  for (const policy of [{ mode: 'sync' }, { mode: 'replicate' }, { mode: '' }, {}] as const) {
    await source.commit('main', { parents: [] })
    await target.commit('main', { parents: [], message: 'theirs\n' })

    const response = await post('/replicate', request({ policy }), DOCUMENT)

    t.equal(response.status, 200, JSON.stringify(policy))
    t.match(await response.json(), {
      counts: { applied: 1 },
      plan: { update: 1, forced: 1 },
      execution: { operationMode: 'replicate', transferMode: 'replicate' },
    })
    t.strictSame(await target.soundRefs(), await source.refs())
  }
})

t.test('POST /replicate streams', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const { post } = await serveApp(t, { client })
  const events = await eventsOf(await post('/replicate', request(), STREAM))
  t.match(events[0], { type: 'started', operation: 'replicate' })
  t.match(events.at(-1), { type: 'result', result: { counts: { applied: 1 } } })
  t.strictSame(await target.refs(), await source.refs())
})

t.test('POST /replicate accepts no force, as it needs none', async (t) => {
  const { client, request, source, target } = await stage(t)
  const { post } = await serveApp(t, { client })
  for (const force of ['force', 'forceWithLease', 'forceBlind']) {
    const response = await post('/replicate', request({ policy: { [force]: true } }))
    t.equal(response.status, 400, force)
    t.match(await problemOf(response), { code: 'invalid_request', errors: [{ path: /^\/policy\// }] })
  }
  t.strictSame([...source.requests, ...target.requests], [])
})
