import t, { type Test } from 'tap'
import type { SyncResult } from '../../../schemas/result.js'
import { actionsOf, copyRefs, failureOf, type Stage, stage } from '../../../testing/cases/stage.js'

const options = { omitSkipped: true }

/** Two refs that are up to date, and one that is new. */
async function prepare(t: Test, hook?: string): Promise<Stage> {
  const staged = await stage(t)
  const { source, target } = staged
  await source.commit('main')
  await source.commit('kept')
  await copyRefs(source, target)
  await source.commit('new')
  if (hook !== undefined) await target.hook('update', hook)
  return staged
}

/** Holds a result against that of the same run with its skipped refs. */
function compare(t: Test, shorter: SyncResult, whole: SyncResult): void {
  t.strictSame(
    shorter.refs,
    whole.refs.filter(({ action }) => action !== 'skip'),
  )
  t.ok(shorter.refs.length < whole.refs.length)
  t.strictSame(shorter.counts, whole.counts)
  t.strictSame(shorter.plan, whole.plan)
}

t.test('a plan lists what would run; counts and digest are those of all refs', async (t) => {
  const { client, request } = await prepare(t)
  const shorter = await client.plan(request({ options }))
  compare(t, shorter, await client.plan(request()))
  t.strictSame(actionsOf(shorter), { 'refs/heads/new': 'create' })
  t.match(shorter, { counts: { skipped: 3 }, plan: { create: 1, skip: 2 } })
})

for (const operation of ['sync', 'replicate'] as const) {
  t.test(`${operation} lists what it moved, and nothing where all is up to date`, async (t) => {
    const { source, target, client, request } = await prepare(t)
    const moved = await client[operation](request({ options }))
    t.strictSame(actionsOf(moved), { 'refs/heads/new': 'create' })
    t.match(moved, { counts: { applied: 1, skipped: 2 }, plan: { create: 1, skip: 2 } })
    t.strictSame(await target.soundRefs(), await source.refs())

    const idle = await client[operation](request({ options }))
    t.strictSame(idle.refs, [])
    compare(t, idle, await client[operation](request({ options: { omitSkipped: false } })))
  })
}

t.test('an error before the push carries the shorter plan', async (t) => {
  const { target, client, request } = await prepare(t)
  await target.commit('new', { message: 'another', parents: [] })
  const blocked = await failureOf(client.sync(request({ options })))
  t.equal(blocked.code, 'blocked_refs')
  const whole = await failureOf(client.sync(request()))
  compare(t, blocked.result as SyncResult, whole.result as SyncResult)
  t.strictSame(actionsOf(blocked.result as SyncResult), { 'refs/heads/new': 'block' })
})

t.test('an error of the push carries the refs that did not move', async (t) => {
  const { client, request } = await prepare(t, 'exit 1')
  const rejected = await failureOf(client.sync(request({ options })))
  t.equal(rejected.code, 'ref_rejected')
  const whole = await failureOf(client.sync(request()))
  compare(t, rejected.result as SyncResult, whole.result as SyncResult)
  t.match(rejected.result, { counts: { blocked: 1, skipped: 2 }, refs: [{ action: 'block' }] })
})
