import t from 'tap'
import { replaceBranchByFolder } from '../../../testing/cases/branch-to-folder.js'
import { recordingPushes } from '../../../testing/cases/recording-pushes.js'
import { actionsOf, copyRefs, failureOf, stage } from '../../../testing/cases/stage.js'
import { git } from '../../../testing/git/git.js'
import { objectsIn, type PushBody } from '../../../testing/packets/packets.js'

const ZERO = '0'.repeat(40)

t.test('deletes, updates and creates go in one push, deletes first, with their old values', async (t) => {
  const pushes: PushBody[] = []
  const { source, target, client, request } = await stage(t, recordingPushes(pushes))
  const first = await source.commit('main')
  await source.branch('old', first)
  await source.branch('zombie', first)
  await copyRefs(source, target)
  await source.delete('old')
  await source.delete('zombie')
  const second = await source.commit('main')
  const extra = await source.commit('extra')

  const result = await client.sync(request({ policy: { prune: true } }))

  t.equal(pushes.length, 1)
  t.strictSame(pushes[0]?.commands, [
    { ref: 'refs/heads/old', oldId: first, newId: ZERO },
    { ref: 'refs/heads/zombie', oldId: first, newId: ZERO },
    { ref: 'refs/heads/main', oldId: first, newId: second },
    { ref: 'refs/heads/extra', oldId: ZERO, newId: extra },
  ])
  t.ok(pushes[0]?.capabilities.includes('delete-refs'))
  t.strictSame(result.counts, { applied: 2, skipped: 0, blocked: 0, deleted: 2, warned: 0 })
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('deletes alone carry no pack, and nothing is fetched', async (t) => {
  const pushes: PushBody[] = []
  const { source, target, client, request } = await stage(t, recordingPushes(pushes))
  const main = await source.commit('main')
  await source.branch('old', main)
  await copyRefs(source, target)
  await source.delete('old')

  const result = await client.sync(request({ policy: { prune: true } }))

  t.equal(pushes[0]?.pack.length, 0)
  t.equal(source.requests.length, 2, 'the listing')
  t.match(result.execution, { relay: false, transferMode: 'incremental' })
  t.match(result.counts, { deleted: 1, skipped: 1 })
  t.strictSame(await target.soundRefs(), { 'refs/heads/main': main })
})

t.test('creates and updates without new objects carry an empty pack, and nothing is fetched', async (t) => {
  const pushes: PushBody[] = []
  const { source, target, client, request } = await stage(t, recordingPushes(pushes))
  const first = await source.commit('main')
  const second = await source.commit('main')
  await copyRefs(source, target)
  await target.branch('late', first)
  await source.branch('late', second)
  await source.branch('again', first)
  await target.branch('holds-first', first)

  const result = await client.sync(request())

  t.equal(pushes.length, 1)
  const pack = pushes[0]?.pack ?? Buffer.alloc(0)
  t.equal(objectsIn(pack), 0)
  t.equal(pack.length, 12 + 20)
  t.equal(source.requests.length, 3, 'the listing and a proof')
  t.match(result.execution, { relay: false })
  t.equal(result.counts.applied, 2)
  t.equal(await target.head('late'), second)
  t.equal(await target.head('again'), first)
  await target.soundRefs()
})

t.test('a branch a becomes a/b and back, as the delete goes first', async (t) => {
  const { source, target, client, request } = await stage(t)
  const policy = { prune: true }
  await source.commit('main')
  await source.commit('topic')
  await client.sync(request({ policy }))

  await source.delete('topic')
  await source.commit('topic/sub')
  await client.sync(request({ policy }))
  t.strictSame(await target.soundRefs(), await source.refs())

  await source.delete('topic/sub')
  await source.commit('topic')
  await client.sync(request({ policy }))
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('without prune a branch a that became a/b is blocked, with its reason', async (t) => {
  const { source, target, client, request } = await stage(t)
  const before = await replaceBranchByFolder({ source, target })

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'blocked_refs')
  t.strictSame(
    error.refs?.map(({ ref }) => ref),
    ['refs/heads/topic/sub'],
  )
  t.match(error.refs?.[0]?.reason, /^the target has refs\/heads\/topic,/)
  t.strictSame(await target.soundRefs(), before)
})

t.test('the branch of the source’s HEAD is the first to be written', async (t) => {
  const pushes: PushBody[] = []
  const { source, target, client, request } = await stage(t, recordingPushes(pushes))
  const base = await source.commit('aaa')
  for (const name of ['bbb', 'trunk', 'zzz']) await source.commit(name, { parents: [base] })
  await source.tag('v1', base)
  await git(source.dir, 'symbolic-ref', 'HEAD', 'refs/heads/trunk')
  const policy = { includeTags: true, prune: true }

  const created = await client.sync(request({ policy }))
  t.strictSame(names(pushes[0]), [
    'refs/heads/trunk',
    'refs/heads/aaa',
    'refs/heads/bbb',
    'refs/heads/zzz',
    'refs/tags/v1',
  ])
  t.equal(created.execution.sourceHead, 'refs/heads/trunk')

  for (const name of ['aaa', 'trunk', 'zzz']) await source.commit(name)
  await source.delete('bbb')
  const updated = await client.sync(request({ policy }))
  t.strictSame(names(pushes[1]), ['refs/heads/bbb', 'refs/heads/trunk', 'refs/heads/aaa', 'refs/heads/zzz'])
  t.equal(updated.execution.sourceHead, 'refs/heads/trunk')
  t.strictSame(await target.soundRefs(), await source.refs())
})

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: under a mapping it is the first under its new name`, async (t) => {
    const pushes: PushBody[] = []
    const options = recordingPushes(pushes, { source: { protocol } })
    const { source, client, request } = await stage(t, options)
    const base = await source.commit('aaa')
    for (const name of ['trunk', 'zzz']) await source.commit(name, { parents: [base] })
    await git(source.dir, 'symbolic-ref', 'HEAD', 'refs/heads/trunk')

    const { execution } = await client.sync(
      request({ scope: { mappings: [{ source: 'refs/heads/*', target: 'refs/heads/up/*' }] } }),
    )

    t.strictSame(names(pushes[0]), ['refs/heads/up/trunk', 'refs/heads/up/aaa', 'refs/heads/up/zzz'])
    t.equal(execution.sourceHead, 'refs/heads/trunk')
  })
}

t.test('a HEAD that is not in the scope changes nothing, and is told all the same', async (t) => {
  const pushes: PushBody[] = []
  const { source, client, request } = await stage(t, recordingPushes(pushes))
  await source.commit('main')
  await source.commit('bbb')
  await source.commit('aaa')

  const { execution } = await client.sync(request({ scope: { branches: ['bbb', 'aaa'] } }))

  t.strictSame(names(pushes[0]), ['refs/heads/aaa', 'refs/heads/bbb'])
  t.equal(execution.sourceHead, 'refs/heads/main')
})

t.test('a detached HEAD of the source is nobody’s', async (t) => {
  const { source, target, client, request } = await stage(t)
  const first = await source.commit('main')
  await source.commit('main')
  await git(source.dir, 'update-ref', '--no-deref', 'HEAD', first)

  const result = await client.sync(request())

  t.notOk('sourceHead' in result.execution)
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('each want is sent once, although many refs want it', async (t) => {
  const { source, target, client, request } = await stage(t)
  const main = await source.commit('main')
  for (let i = 0; i < 20; i++) await source.branch(`same-${i}`, main)

  const { stats } = await client.sync(request({ collectStats: true }))

  t.match(stats.items['source git-upload-pack fetch'], { wants: 1, haves: 0 })
  t.match(stats.items['target git-receive-pack push'], { commands: 21 })
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('pruning the target’s default branch is refused by git, and told as ref_rejected', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('trunk')
  await target.commit('main')
  await copyRefs(source, target)
  await source.commit('trunk')
  await git(source.dir, 'symbolic-ref', 'HEAD', 'refs/heads/trunk')

  const error = await failureOf(client.sync(request({ policy: { prune: true } })))

  t.equal(error.code, 'ref_rejected')
  t.match(error.refs, [{ ref: 'refs/heads/main', reason: /current branch/ }])
  t.strictSame(actionsOf(error.result), { 'refs/heads/main': 'block', 'refs/heads/trunk': 'update' })
  t.equal(await target.head('trunk'), await source.head('trunk'))

  const result = await client.sync(request({ policy: { prune: true, bestEffort: true } }))
  t.strictSame(actionsOf(result), { 'refs/heads/main': 'warn', 'refs/heads/trunk': 'skip' })
  t.match(result.refs[0], { reason: /current branch/ })
  t.match(result.counts, { warned: 1, deleted: 0 })
  await target.soundRefs()
})

function names(push: PushBody | undefined) {
  return push?.commands.map(({ ref }) => ref)
}
