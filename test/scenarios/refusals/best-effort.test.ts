import t from 'tap'
import { actionsOf, copyRefs, failureOf, stage } from '../../../testing/cases/stage.js'

const policy = { bestEffort: true }
const lockedHook = 'case "$1" in refs/heads/locked*) exit 1;; esac'

t.test('a ref that the target refuses is a warning, and the run succeeds', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await source.commit('locked')
  await target.hook('update', lockedHook)

  const result = await client.sync(request({ policy }))

  t.strictSame(actionsOf(result), { 'refs/heads/locked': 'warn', 'refs/heads/main': 'create' })
  t.match(result.refs[0], { reason: 'hook declined' })
  t.strictSame(result.counts, { applied: 1, skipped: 0, blocked: 0, deleted: 0, warned: 1 })
  t.match(result.plan, { create: 2 }, 'the plan is what was planned')
  const { 'refs/heads/locked': _, ...others } = await source.refs()
  t.strictSame(await target.soundRefs(), others)
})

t.test('all of them, and nothing in place, is a failure', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('locked')
  await target.hook('pre-receive', 'exit 1')

  const error = await failureOf(client.sync(request({ policy })))

  t.equal(error.code, 'ref_rejected')
  t.notMatch(error.message, /set policy\.bestEffort/, 'which is set')
  t.match(error.result?.counts, { applied: 0, blocked: 1, warned: 0 })
  t.match(error.result?.refs, [{ action: 'block', reason: 'pre-receive hook declined' }])
  t.strictSame(await target.soundRefs(), {})
})

t.test('refused updates and deletes are warnings too', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: { config: { 'receive.denyDeletes': 'true', 'receive.denyNonFastForwards': 'true' } },
  })
  const main = await source.commit('main')
  await source.branch('old', main)
  await source.branch('rewritten', main)
  await copyRefs(source, target)
  await source.delete('old')
  await source.commit('rewritten', { parents: [] })
  await source.commit('main')

  const result = await client.replicate(request({ policy: { ...policy, prune: true } }))

  t.strictSame(actionsOf(result), {
    'refs/heads/main': 'update',
    'refs/heads/old': 'warn',
    'refs/heads/rewritten': 'warn',
  })
  t.strictSame(await target.soundRefs(), {
    'refs/heads/main': await source.head('main'),
    'refs/heads/old': main,
    'refs/heads/rewritten': main,
  })
})

t.test('blocked refs stay an error', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const theirs = await target.commit('main', { message: 'another' })

  const error = await failureOf(client.sync(request({ policy })))

  t.equal(error.code, 'blocked_refs')
  t.strictSame(await target.soundRefs(), { 'refs/heads/main': theirs })
})

t.test('a refusal does not stop the pushes that follow', async (t) => {
  const { source, target, client, request } = await stage(t)
  const base = await source.commit('main')
  for (const name of ['locked-1', 'locked-2', 'x', 'y', 'z']) await source.commit(name, { parents: [base] })
  await target.hook('update', lockedHook)

  const result = await client.sync(request({ policy, options: { targetMaxRefUpdates: 2 } }))

  t.match(result.counts, { applied: 4, warned: 2 })
  t.match(result.execution.batch, { enabled: true, planned: 3 })
  t.strictSame(
    Object.keys(await target.soundRefs()),
    ['main', 'x', 'y', 'z'].map((name) => `refs/heads/${name}`),
  )
})

t.test('without best effort the first refusal stops the pushes that follow', async (t) => {
  const { source, target, client, request } = await stage(t)
  const base = await source.commit('main')
  for (const name of ['locked-1', 'x', 'y', 'z']) await source.commit(name, { parents: [base] })
  await target.hook('update', lockedHook)

  const error = await failureOf(client.sync(request({ options: { targetMaxRefUpdates: 2 } })))

  t.equal(error.code, 'ref_rejected')
  t.strictSame(actionsOf(error.result), {
    'refs/heads/locked-1': 'block',
    'refs/heads/main': 'create',
    'refs/heads/x': 'block',
    'refs/heads/y': 'block',
    'refs/heads/z': 'block',
  })
  t.match(error.result?.counts, { applied: 1, blocked: 4 })
  t.match(error.result?.execution.batch, { planned: 3, done: 1 })
  t.strictSame(await target.soundRefs(), { 'refs/heads/main': base })
})
