import { createHash } from 'node:crypto'
import t from 'tap'
import type { SyncPolicy } from '../../../src/index.js'
import { copyRefs, failureOf, type Stage, stage } from '../../../testing/cases/stage.js'

const ZERO = '0'.repeat(40)

t.test(
  'a plan beyond maxDeletes or maxForced is refused with the whole plan, and nothing is pushed',
  async (t) => {
    const on = await stage(t)
    await someOfEach(on)
    const before = await on.target.refs()
    const everything: SyncPolicy = { force: true, prune: true, includeTags: true }
    const cases: SyncPolicy[] = [
      { ...everything, maxDeletes: 0 },
      { ...everything, maxDeletes: 1 },
      { ...everything, maxForced: 0 },
      { ...everything, maxForced: 1 },
      { ...everything, maxDeletes: 2, maxForced: 1 },
      { includeTags: true, prune: true, mode: 'replicate', maxForced: 1 },
    ]
    for (const policy of cases) {
      const planned = await on.client.plan(on.request({ policy }))
      t.match(planned.plan, { create: 1, update: 3, forced: 2, delete: 2 }, 'a plan answers all the same')
      on.target.server.resetRequests()

      const error = await failureOf(on.client.sync(on.request({ policy })))

      t.equal(error.code, 'plan_refused')
      t.notOk(error.retryable)
      t.match(error.message, (policy.maxForced ?? 9) < 2 ? /maxForced/ : /maxDeletes/)
      t.strictSame(error.result?.refs, planned.refs)
      t.strictSame(error.result?.plan, planned.plan)
      t.strictSame(error.result?.counts, planned.counts)
      t.strictSame(error.result?.execution, planned.execution)
      t.strictSame(await on.target.refs(), before)
      t.ok(on.target.requests.every(({ method }) => method === 'GET'))
    }
  },
)

t.test('a plan within its limits runs', async (t) => {
  const on = await stage(t)
  await someOfEach(on)

  const { plan } = await on.client.sync(
    on.request({ policy: { force: true, prune: true, includeTags: true, maxDeletes: 2, maxForced: 2 } }),
  )

  t.match(plan, { forced: 2, delete: 2 })
  t.strictSame(await on.target.soundRefs(), await on.source.refs())
})

t.test('fast-forwards are not counted as forced, also in a replicate', async (t) => {
  const on = await stage(t)
  await on.source.commit('main')
  await copyRefs(on.source, on.target)
  await on.source.commit('main')

  const { plan } = await on.client.replicate(on.request({ policy: { maxForced: 0 } }))

  t.match(plan, { update: 1, forced: 0 })
})

t.test('the digest is that of the lines which the contract names', async (t) => {
  const on = await stage(t)
  await someOfEach(on)
  const { refs, plan } = await on.client.plan(
    on.request({ policy: { force: true, prune: true, includeTags: true } }),
  )

  const lines = refs
    .filter(({ action }) => action !== 'skip')
    .map(({ action, targetRef, targetHash, sourceHash }) => {
      return `${action} ${targetRef} ${targetHash || ZERO} ${sourceHash || ZERO}\n`
    })
  t.equal(lines.length, 6)
  lines.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  t.equal(plan.digest, `sha256:${createHash('sha256').update(lines.join('')).digest('hex')}`)
})

t.test('the digest of a plan of nothing is that of nothing', async (t) => {
  const on = await stage(t)
  await on.source.commit('main')
  await copyRefs(on.source, on.target)

  const { plan } = await on.client.plan(on.request())

  t.equal(plan.digest, `sha256:${createHash('sha256').digest('hex')}`)
})

t.test('a run that is as planned goes through, and has the plan’s digest', async (t) => {
  for (const policy of [
    { force: true, prune: true, includeTags: true },
    { mode: 'replicate', prune: true, includeTags: true },
  ] satisfies SyncPolicy[]) {
    const on = await stage(t)
    await someOfEach(on)
    const { plan } = await on.client.plan(on.request({ policy }))

    const result = await on.client.sync(on.request({ policy: { ...policy, expectedPlan: plan.digest } }))

    t.strictSame(result.plan, plan)
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
  }
})

t.test('a plan that has changed since is refused with the new one, and nothing is pushed', async (t) => {
  const on = await stage(t)
  await someOfEach(on)
  const policy: SyncPolicy = { force: true, prune: true, includeTags: true }
  const { plan } = await on.client.plan(on.request({ policy }))
  await on.source.commit('main')
  const before = await on.target.refs()

  const error = await failureOf(
    on.client.sync(on.request({ policy: { ...policy, expectedPlan: plan.digest } })),
  )

  t.equal(error.code, 'plan_changed')
  const again = await on.client.plan(on.request({ policy }))
  t.not(again.plan.digest, plan.digest)
  t.strictSame(error.result?.plan, again.plan)
  t.strictSame(error.result?.refs, again.refs)
  t.equal(error.result?.execution.dryRun, true)
  t.strictSame(await on.target.soundRefs(), before)
})

t.test('what is skipped does not change the digest', async (t) => {
  const on = await stage(t)
  await on.source.commit('main')
  await on.source.commit('next')
  await copyRefs(on.source, on.target)
  await on.source.commit('main')

  const both = await on.client.plan(on.request())
  const one = await on.client.plan(on.request({ scope: { branches: ['main'] } }))

  t.equal(both.plan.digest, one.plan.digest)
})

/** Two deletes, two forced updates, a fast-forward, a create and a ref that stays. */
async function someOfEach({ source, target }: Stage) {
  const base = await source.commit('main')
  for (const name of ['ahead', 'old-1', 'old-2', 'diverged']) await source.branch(name, base)
  await source.tag('moved', base)
  await copyRefs(source, target)
  await target.commit('diverged')
  await source.delete('old-1')
  await source.delete('old-2')
  const next = await source.commit('ahead')
  await source.commit('diverged')
  await source.tag('moved', next)
  await source.commit('new')
}
