import t from 'tap'
import type { ProbeResult } from '../../src/index.js'
import { stage } from '../../testing/cases/stage.js'
import { DOCUMENT, eventsOf, problemOf, STREAM, serveApp } from '../../testing/processes/served-app.js'

t.test('POST /probe lists the source', async (t) => {
  const { source, client } = await stage(t)
  const main = await source.commit('main')
  const { post } = await serveApp(t, { client })

  const response = await post('/probe', { source: { url: source.url }, target: null }, DOCUMENT)

  t.equal(response.status, 200)
  const found = (await response.json()) as ProbeResult
  t.strictSame(found.refs, [{ name: 'refs/heads/main', hash: main }])
  t.notOk('targetCapabilities' in found)
})

t.test('POST /probe streams, and includes the target if one is named', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const { post } = await serveApp(t, { client })

  const events = await eventsOf(await post('/probe', request(), STREAM))

  t.match(events[0], { type: 'started', operation: 'probe' })
  t.equal(events.filter(({ type }) => type === 'discovered').length, 2)
  t.match(events.at(-1), { type: 'result', result: { targetUrl: target.url, targetCapabilities: Array } })
})

t.test('a probe accepts no property that only a sync has', async (t) => {
  const { source, client } = await stage(t)
  const { post } = await serveApp(t, { client })
  for (const [key, value] of Object.entries({ policy: {}, scope: {}, options: { maxPackBytes: 1 } })) {
    const response = await post('/probe', { source: { url: source.url }, [key]: value })
    t.equal(response.status, 400, key)
    t.match(await problemOf(response), { errors: [{ path: new RegExp(`^/${key}`) }] })
  }
  t.strictSame(source.requests, [])
})

t.test('a source that is not a repository gives its real status', async (t) => {
  const { source, client } = await stage(t)
  const { post } = await serveApp(t, { client })
  for (const accept of [DOCUMENT, STREAM]) {
    const response = await post('/probe', { source: { url: source.server.url('nothing.git') } }, accept)
    t.equal(response.status, 502)
    t.match(await problemOf(response), { code: 'source_not_found' })
  }
})
