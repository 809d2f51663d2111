import t from 'tap'
import type { PlanResult, SyncResult } from '../../src/index.js'
import { actionsOf, stage } from '../../testing/cases/stage.js'
import { DOCUMENT, eventsOf, problemOf, STREAM, serveApp } from '../../testing/processes/served-app.js'

t.test('POST /sync responds with a document', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.addCommits('main', 3)
  const { post } = await serveApp(t, { client })

  const response = await post('/sync', request({ policy: { includeTags: true } }), DOCUMENT)

  t.equal(response.status, 200)
  const result = (await response.json()) as SyncResult
  t.strictSame(await target.soundRefs(), await source.refs())
  t.strictSame(actionsOf(result), { 'refs/heads/main': 'create' })
  t.match(result, { counts: { applied: 1 }, execution: { dryRun: false, operationMode: 'sync' } })
})

t.test('POST /sync responds with a stream', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.addCommits('main', 3)
  const { post } = await serveApp(t, { client })

  const response = await post('/sync', request())

  t.equal(response.status, 200)
  const events = await eventsOf(response)
  t.strictSame(await target.soundRefs(), await source.refs())
  t.match(events[0], { type: 'started', operation: 'sync' })
  t.strictSame(events.flatMap((event) => (event.type === 'discovered' ? [event.side] : [])).sort(), [
    'source',
    'target',
  ])
  t.match(
    events.find(({ type }) => type === 'planned'),
    { create: 1, update: 0, transferMode: 'bootstrap' },
  )
  t.match(events.at(-1), { type: 'result', result: { counts: { applied: 1 } } })
  t.equal(events.filter(({ type }) => type === 'result' || type === 'error').length, 1)
})

t.test('a request as Go marshals it, with all zero values, is accepted', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const { post } = await serveApp(t, { client })
  const { source: from, target: to } = request()
  const side = { username: '', token: '', bearerToken: '', skipTlsVerify: false }
  const body = {
    source: { ...from, followInfoRefsRedirect: false },
    target: { ...to, followInfoRefsRedirect: false },
    scope: { branches: null, mappings: [], allRefs: false, excludeRefPrefixes: null, excludeRefs: [] },
    policy: {
      ...{ mode: '', includeTags: false, prune: false, force: false, forceWithLease: false },
      ...{ forceBlind: false, bestEffort: false, atomic: false, protocol: '' },
    },
    collectStats: false,
    auth: { source: side, target: side },
    options: {
      ...{ maxPackBytes: 0, targetMaxPackBytes: 0, targetMaxRefUpdates: 0, measureMemory: false },
      ...{ materializedMaxBytes: 0, materializedMaxObjects: 0, pushOptions: null },
    },
  }
  const response = await post('/sync', body, DOCUMENT)
  t.equal(response.status, 200, await response.clone().text())
  t.strictSame(await target.refs(), await source.refs())
})

t.test('a blocked sync is 409 in both forms, with the plan just as /plan gives it', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await source.commit('new')
  const theirs = await target.commit('main', { message: 'theirs\n' })
  const { post } = await serveApp(t, { client })
  const plan = (await (await post('/plan', request(), DOCUMENT)).json()) as PlanResult

  for (const accept of [DOCUMENT, STREAM]) {
    const response = await post('/sync', request(), accept)
    t.equal(response.status, 409)
    const problem = await problemOf(response)
    t.match(problem, { code: 'blocked_refs', status: 409, retryable: false, detail: /force/ })
    t.match(problem.refs, [{ ref: 'refs/heads/main', reason: /diverged/ }])
    t.strictSame(problem.result, plan)
  }
  t.strictSame(await target.refs(), { 'refs/heads/main': theirs })
})

t.test('an invalid request gets its error before any remote is contacted', async (t) => {
  const { source, target, client, request } = await stage(t)
  const { post } = await serveApp(t, { client })
  const bodies: Record<string, unknown> = {
    'a misspelled property': { ...request(), policy: { prunee: true } },
    'a wrong type': { ...request(), collectStats: 'true' },
    'no target': { source: { url: source.url } },
    'one repository on both sides': { source: { url: source.url }, target: { url: source.url } },
    'no object': [],
  }
  for (const [what, body] of Object.entries(bodies)) {
    for (const accept of [DOCUMENT, STREAM]) {
      const response = await post('/sync', body, accept)
      t.equal(response.status, 400, what)
      const problem = await problemOf(response)
      t.equal(problem.code, 'invalid_request')
      t.match(problem.errors?.[0], { path: String, message: /./ })
    }
  }
  t.equal((await post('/sync', request(), 'text/html')).status, 406)
  t.strictSame([...source.requests, ...target.requests], [])
})

t.test('a remote that is at fault has its own status in both forms', async (t) => {
  const { source, client, request } = await stage(t, {
    target: { auth: { username: 'u', password: 'p' } },
  })
  await source.commit('main')
  const { post } = await serveApp(t, { client })
  for (const accept of [DOCUMENT, STREAM]) {
    const response = await post('/sync', request(), accept)
    t.equal(response.status, 502)
    t.match(await problemOf(response), { code: 'target_unauthorized', detail: /auth\.target/ })
  }
})

t.test(
  'a push that the target refuses is the last line of a stream, with what became of each ref',
  async (t) => {
    const { source, target, client, request } = await stage(t, {
      target: { config: { 'receive.denyDeletes': 'true' } },
    })
    const tip = await source.commit('main')
    const gone = await target.commit('gone')
    const { post } = await serveApp(t, { client })
    const body = request({ policy: { prune: true } })

    const document = await problemOf(await post('/sync', body, DOCUMENT))

    t.match(document, { code: 'ref_rejected', status: 409, refs: [{ ref: 'refs/heads/gone' }] })
    t.strictSame(actionsOf(document.result), { 'refs/heads/gone': 'block', 'refs/heads/main': 'create' })
    t.strictSame(await target.refs(), { 'refs/heads/gone': gone, 'refs/heads/main': tip })
  },
)
