import t from 'tap'
import { actionsOf, stage } from '../../../testing/cases/stage.js'
import { readPush } from '../../../testing/packets/packets.js'

t.test('a first sync brings every branch, and no tag that was not asked for', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.addCommits('main', 5)
  const tip = await source.commit('feature/one')
  await source.tag('v1', tip, { annotated: true })

  const result = await client.sync(request())

  const { 'refs/tags/v1': _, ...branches } = await source.refs()
  t.strictSame(await target.soundRefs(), branches)
  t.strictSame(actionsOf(result), { 'refs/heads/feature/one': 'create', 'refs/heads/main': 'create' })
  t.strictSame(result.counts, { applied: 2, skipped: 0, blocked: 0, deleted: 0, warned: 0 })
  const { execution, plan } = result
  t.match(execution, { dryRun: false, operationMode: 'sync', relay: true, transferMode: 'bootstrap' })
  t.match(execution, { sourceHead: 'refs/heads/main', batch: { enabled: false, planned: 1, done: 1 } })
  t.match(plan, { create: 2, update: 0, forced: 0, delete: 0, skip: 0, block: 0 })
})

t.test('tags come with includeTags', async (t) => {
  const { source, target, client, request } = await stage(t)
  const tip = await source.commit('main')
  await source.tag('light', tip)
  await source.tag('annotated', tip, { annotated: true })

  await client.sync(request({ policy: { includeTags: true } }))

  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('a later sync updates, creates and skips, each ref by its own need', async (t) => {
  const { source, target, client, request } = await stage(t)
  const first = await source.commit('main')
  await source.branch('still', first)
  await client.sync(request())
  const second = await source.addCommits('main', 3)
  await source.commit('new')

  const result = await client.sync(request())

  t.strictSame(await target.soundRefs(), await source.refs())
  t.match(
    result.refs,
    [
      { branch: 'main', action: 'update', targetHash: first, sourceHash: second, kind: 'branch' },
      { branch: 'new', action: 'create', targetHash: '', sourceRef: 'refs/heads/new' },
      { branch: 'still', action: 'skip', targetHash: first, sourceHash: first },
    ],
    'the refs are sorted by target ref, skipped ones among them',
  )
  t.match(result.execution, { transferMode: 'incremental', relay: true })
  t.strictSame(result.counts, { applied: 2, skipped: 1, blocked: 0, deleted: 0, warned: 0 })
  t.match(result.plan, { create: 1, update: 1, forced: 0, skip: 1 })
})

t.test('a sync with nothing to do pushes nothing', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await client.sync(request())
  target.server.resetRequests()

  const result = await client.sync(request())

  t.strictSame(actionsOf(result), { 'refs/heads/main': 'skip' })
  t.match(result.execution, { transferMode: 'none', relay: false, batch: { planned: 0, done: 0 } })
  t.strictSame(
    target.requests.map(({ method }) => method),
    ['GET'],
  )
})

t.test('branches that only the target has are left alone', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const own = await target.commit('theirs')

  const result = await client.sync(request())

  t.equal(await target.head('theirs'), own)
  t.strictSame(actionsOf(result), { 'refs/heads/main': 'create' }, 'and are not listed')
})

t.test('a replicate overwrites a branch that diverged', async (t) => {
  const { source, target, client, request } = await stage(t)
  const base = await source.commit('main')
  await client.sync(request())
  await source.commit('main')
  await target.commit('main')

  const result = await client.replicate(request())

  t.strictSame(await target.soundRefs(), await source.refs())
  t.not(await target.head('main'), base)
  t.match(result.execution, { operationMode: 'replicate', transferMode: 'replicate', relay: true })
  t.match(result.plan, { update: 1, forced: 1, block: 0 })
})

t.test(
  'replicate takes the mode as replicate whatever the request says, and so does a sync with it',
  async (t) => {
    const { source, target, client, request } = await stage(t)
    await source.commit('main')
    await target.commit('main')

    const replicated = await client.replicate(request({ policy: { mode: 'sync' } }))
    t.equal(replicated.execution.operationMode, 'replicate')
    t.strictSame(await target.soundRefs(), await source.refs())

    await source.commit('main', { parents: [] })
    const synced = await client.sync(request({ policy: { mode: 'replicate' } }))
    t.equal(synced.execution.operationMode, 'replicate')
    t.strictSame(await target.soundRefs(), await source.refs())
  },
)

t.test('a plan says what a run would do, and pushes nothing', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.addCommits('main', 2)
  await source.commit('next')

  const planned = await client.plan(request())

  t.strictSame(await target.refs(), {})
  t.ok(target.requests.every(({ method }) => method === 'GET'))
  t.match(planned.execution, { dryRun: true, transferMode: 'bootstrap', bootstrapSuggested: true })
  t.strictSame(planned.counts, { applied: 0, skipped: 2, blocked: 0, deleted: 0, warned: 0 })

  const ran = await client.sync(request())
  t.strictSame(ran.refs, planned.refs)
  t.strictSame(ran.plan, planned.plan)
})

t.test('a plan of an update tells it from a bootstrap', async (t) => {
  const { source, target, client, request } = await stage(t)
  const first = await source.commit('main')
  await client.sync(request())
  await source.commit('main')

  const planned = await client.plan(request())

  t.match(planned.execution, { transferMode: 'incremental', bootstrapSuggested: false, relay: true })
  t.strictSame(actionsOf(planned), { 'refs/heads/main': 'update' })
  t.strictSame(await target.refs(), { 'refs/heads/main': first })
})

t.test('a repository with merges and many branches arrives whole', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.bigHistory({ commits: 60, bytesPerCommit: 2000, branches: 6 })
  const tips = Object.values(await source.refs())
  await source.commit('merged', { parents: tips })

  await client.sync(request())

  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('a pack of many megabytes streams through, its bytes the same on both sides', async (t) => {
  const pushes: Buffer[] = []
  const { source, target, client, request } = await stage(t, {
    target: {
      handle: async ({ kind, body }) => {
        if (kind === 'call') pushes.push(await body())
        return undefined
      },
    },
  })
  await source.bigHistory({ commits: 12, bytesPerCommit: 1_000_000 })

  await client.sync(request())

  t.strictSame(await target.soundRefs(), await source.refs())
  t.equal(pushes.length, 1)
  t.ok(readPush(pushes[0] as Buffer).pack.length > 12_000_000)
  const [push] = target.requests.filter(({ method }) => method === 'POST')
  t.equal(push?.headers['content-length'] !== undefined, false, 'nobody knew its length before')
})
