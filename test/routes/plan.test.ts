import t from 'tap'
import type { PlanResult } from '../../src/index.js'
import { actionsOf, stage } from '../../testing/cases/stage.js'
import { DOCUMENT, eventsOf, STREAM, serveApp } from '../../testing/processes/served-app.js'

t.test('POST /plan says what a sync would do, and pushes nothing', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const { post } = await serveApp(t, { client })

  const response = await post('/plan', request(), DOCUMENT)

  t.equal(response.status, 200)
  const plan = (await response.json()) as PlanResult
  t.strictSame(actionsOf(plan), { 'refs/heads/main': 'create' })
  t.match(plan, { counts: { applied: 0, skipped: 1 }, execution: { dryRun: true } })
  t.match(plan.plan.digest, /^sha256:[0-9a-f]{64}$/)
  t.strictSame(await target.refs(), {})
})

t.test('a plan that a run would refuse has status 200, in both forms', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await target.commit('main', { message: 'theirs\n' })
  await target.commit('gone')
  const { post } = await serveApp(t, { client })
  const body = request({ policy: { prune: true, maxDeletes: 0, expectedPlan: 'sha256:of another plan' } })
  const expected = { counts: { blocked: 1 }, plan: { block: 1, delete: 1 } }

  const document = await post('/plan', body, DOCUMENT)
  t.equal(document.status, 200)
  t.match(await document.json(), expected)

  const stream = await post('/plan', body, STREAM)
  t.equal(stream.status, 200)
  const events = await eventsOf(stream)
  t.match(events[0], { operation: 'plan' })
  t.match(events.at(-1), { type: 'result', result: expected })
})

t.test('the digest of a plan lets just that plan run', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const { post } = await serveApp(t, { client })
  const planned = (await (await post('/plan', request(), DOCUMENT)).json()) as PlanResult
  const body = request({ policy: { expectedPlan: planned.plan.digest } })

  t.equal((await post('/sync', body, DOCUMENT)).status, 200)
  await source.commit('main')
  const changed = await post('/sync', body, DOCUMENT)
  t.equal(changed.status, 409)
  t.match(await changed.json(), { code: 'plan_changed', result: { plan: { update: 1 } } })
  t.not(await target.head('main'), await source.head('main'))
})
