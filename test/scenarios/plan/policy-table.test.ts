import t from 'tap'
import type { Action, SyncPolicy } from '../../../src/index.js'
import { actionsOf, copyRefs, failureOf, type Stage, stage } from '../../../testing/cases/stage.js'

/** What the target has, and what becomes of it: in a sync, in one with force, and in a replicate. */
const table: Record<string, [Action, Action, Action]> = {
  'refs/heads/absent': ['create', 'create', 'create'],
  'refs/heads/behind': ['update', 'update', 'update'],
  'refs/heads/diverged': ['block', 'update', 'update'],
  'refs/heads/same': ['skip', 'skip', 'skip'],
  'refs/keep/around': ['block', 'update', 'update'],
  'refs/keep/new': ['create', 'create', 'create'],
  'refs/keep/same': ['skip', 'skip', 'skip'],
  'refs/notes/absent': ['create', 'create', 'create'],
  'refs/notes/commits': ['block', 'update', 'update'],
  'refs/tags/absent': ['create', 'create', 'create'],
  'refs/tags/light': ['block', 'update', 'update'],
  'refs/tags/same': ['skip', 'skip', 'skip'],
  'refs/tags/signed-again': ['block', 'update', 'update'],
}
const gone = ['refs/heads/gone', 'refs/keep/gone', 'refs/notes/gone', 'refs/tags/gone']
const scope = { allRefs: true }

const modes: { name: string; column: 0 | 1 | 2; policy: SyncPolicy }[] = [
  { name: 'a sync', column: 0, policy: {} },
  { name: 'a sync with force', column: 1, policy: { force: true } },
  { name: 'a sync with forceBlind', column: 1, policy: { forceBlind: true } },
  { name: 'a replicate', column: 2, policy: { mode: 'replicate' } },
]

for (const { name, column, policy } of modes) {
  t.test(`${name} does to each ref what the table says, and a prune deletes what is left over`, async (t) => {
    const on = await stage(t)
    const before = await everyKind(on)
    const expected = Object.fromEntries(Object.entries(table).map(([ref, row]) => [ref, row[column]]))
    const deletes = Object.fromEntries(gone.map((ref) => [ref, 'delete']))
    const pruning = { ...policy, prune: true }

    const planned = await on.client.plan(on.request({ scope, policy }))
    t.strictSame(actionsOf(planned), expected)
    const pruned = await on.client.plan(on.request({ scope, policy: pruning }))
    t.strictSame(actionsOf(pruned), { ...expected, ...deletes })
    t.strictSame(await on.target.refs(), before)

    if (column === 0) {
      const error = await failureOf(on.client.sync(on.request({ scope, policy: pruning })))
      t.equal(error.code, 'blocked_refs')
      t.strictSame(
        error.refs?.map(({ ref }) => ref),
        Object.keys(expected).filter((ref) => expected[ref] === 'block'),
      )
      t.strictSame(await on.target.soundRefs(), before, 'one blocked ref, and nothing at all is pushed')
      return
    }
    const left = Object.fromEntries(gone.map((ref) => [ref, before[ref]]))
    const result = await on.client.sync(on.request({ scope, policy }))
    t.strictSame(actionsOf(result), expected)
    t.strictSame(await on.target.soundRefs(), { ...left, ...(await on.source.refs()) })
    t.match(result.plan, { create: 4, update: 6, forced: 5, skip: 3, delete: 0, block: 0 })

    const last = await on.client.sync(on.request({ scope, policy: pruning }))
    t.match(last.counts, { applied: 0, deleted: 4, skipped: 13 })
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
  })
}

t.test('forceWithLease is the same as force', async (t) => {
  const on = await stage(t)
  await everyKind(on)

  const lease = await on.client.plan(on.request({ scope, policy: { forceWithLease: true } }))
  const force = await on.client.plan(on.request({ scope, policy: { force: true } }))

  t.strictSame(lease, force)
})

t.test('a sync without what diverged does the rest of the table', async (t) => {
  const on = await stage(t)
  await everyKind(on)
  const blocked = Object.keys(table).filter((ref) => table[ref]?.[0] === 'block')
  const before = await on.target.refs()

  await on.client.sync(on.request({ scope: { ...scope, excludeRefs: blocked }, policy: { prune: true } }))

  const expected = { ...(await on.source.refs()) }
  for (const ref of blocked) expected[ref] = before[ref] as string
  t.strictSame(await on.target.soundRefs(), expected)
})

t.test(
  'a tag or another ref that moves forward is blocked all the same, only branches fast-forward',
  async (t) => {
    const { source, target, client, request } = await stage(t)
    const first = await source.commit('main')
    await source.tag('nightly', first)
    await source.branch('refs/builds/latest', first)
    await copyRefs(source, target)
    const second = await source.commit('main')
    await source.tag('nightly', second)
    await source.branch('refs/builds/latest', second)

    const planned = await client.plan(request({ scope }))

    t.strictSame(actionsOf(planned), {
      'refs/builds/latest': 'block',
      'refs/heads/main': 'update',
      'refs/tags/nightly': 'block',
    })
    const replicated = await client.replicate(request({ scope }))
    t.match(replicated.plan, { update: 3, forced: 2 }, 'each retarget counts as forced')
    t.strictSame(await target.soundRefs(), await source.refs())
  },
)

t.test('kinds and names of refs are told by the target’s name', async (t) => {
  const { source, client, request } = await stage(t)
  const main = await source.commit('main')
  await source.tag('v1', main)
  await source.branch('refs/notes/commits', main)

  const { refs } = await client.plan(request({ scope }))

  t.match(refs, [
    { targetRef: 'refs/heads/main', branch: 'main', kind: 'branch' },
    { targetRef: 'refs/notes/commits', branch: 'notes/commits', kind: 'other' },
    { targetRef: 'refs/tags/v1', branch: 'v1', kind: 'tag' },
  ])
})

t.test('moved tags, forced branches and deletes cost the bytes of what is new in them', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.bigHistory({ commits: 8, bytesPerCommit: 100_000, branches: 2 })
  const [main, other] = [await source.head('main'), await source.head('branch-1')]
  await source.tag('v1', main, { annotated: true })
  await copyRefs(source, target)
  await source.tag('v1', other, { annotated: true })
  await source.branch('main', other)
  await source.delete('branch-1')

  const policy = { includeTags: true, prune: true }
  const { stats } = await client.replicate(request({ policy, collectStats: true }))

  const { responseBytes = 0 } = stats.items['source git-upload-pack fetch'] ?? {}
  t.ok(responseBytes > 0 && responseBytes < 3000, `${responseBytes} bytes fetched`)
  const { requestBytes = 0 } = stats.items['target git-receive-pack push'] ?? {}
  t.ok(requestBytes > 0 && requestBytes < 3000, `${requestBytes} bytes pushed`)
  t.strictSame(await target.soundRefs(), await source.refs())
})

/** On both sides each kind of ref in each state of the table; gives the target's refs. */
async function everyKind({ source, target }: Stage) {
  const base = await source.commit('same')
  const other = await source.commit('behind')
  await source.branch('diverged', base)
  for (const ref of ['refs/keep/around', 'refs/keep/same', 'refs/notes/commits', ...gone]) {
    await source.branch(ref, base)
  }
  await source.tag('light', base)
  await source.tag('same', base, { annotated: true })
  await source.tag('signed-again', base, { annotated: true })
  await copyRefs(source, target)
  await target.commit('diverged')

  await source.commit('behind')
  await source.commit('diverged')
  await source.branch('absent', other)
  await source.branch('refs/keep/around', other)
  await source.commit('refs/keep/new', { parents: [] })
  await source.commit('refs/notes/commits', { parents: [] })
  await source.commit('refs/notes/absent', { parents: [] })
  await source.tag('light', other)
  await source.tag('absent', other, { annotated: true })
  await source.tag('signed-again', other, { annotated: true })
  for (const ref of gone) await source.delete(ref)
  return target.refs()
}
