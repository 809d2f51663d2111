import t from 'tap'
import { replaceBranchByFolder } from '../../../testing/cases/branch-to-folder.js'
import { recordingPushes } from '../../../testing/cases/recording-pushes.js'
import { actionsOf, copyRefs, failureOf, stage } from '../../../testing/cases/stage.js'
import type { PushBody } from '../../../testing/packets/packets.js'

const policy = { atomic: true }

t.test('all of it, in one push that asks for it', async (t) => {
  const pushes: PushBody[] = []
  const { source, target, client, request } = await stage(t, recordingPushes(pushes))
  const main = await source.commit('main')
  await source.branch('old', main)
  await copyRefs(source, target)
  await source.delete('old')
  await source.commit('main')
  await source.commit('next')

  await client.sync(request({ policy: { ...policy, prune: true } }))

  t.equal(pushes.length, 1)
  t.ok(pushes[0]?.capabilities.includes('atomic'))
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('it is not asked for unasked', async (t) => {
  const pushes: PushBody[] = []
  const { source, client, request } = await stage(t, recordingPushes(pushes))
  await source.commit('main')

  await client.sync(request())

  t.equal(pushes[0]?.capabilities.includes('atomic'), false)
})

t.test('or none, where a hook refuses one', async (t) => {
  const { source, target, client, request } = await stage(t)
  const main = await source.commit('main')
  await source.branch('old', main)
  await copyRefs(source, target)
  const before = await target.refs()
  await source.delete('old')
  await source.commit('main')
  await source.commit('locked')
  await target.hook('update', 'test "$1" != refs/heads/locked')

  const error = await failureOf(client.sync(request({ policy: { ...policy, prune: true } })))

  t.equal(error.code, 'ref_rejected')
  t.strictSame(error.refs?.map(({ ref }) => ref).sort(), [
    'refs/heads/locked',
    'refs/heads/main',
    'refs/heads/old',
  ])
  t.match(
    error.refs?.find(({ ref }) => ref === 'refs/heads/locked'),
    { reason: 'hook declined' },
  )
  t.match(error.result?.counts, { applied: 0, deleted: 0, blocked: 3 })
  t.strictSame(await target.soundRefs(), before)
})

t.test('or none, where another writer was faster', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: {
      handle: async ({ kind }) => {
        if (kind === 'call') await target.commit('main')
        return undefined
      },
    },
  })
  const main = await source.commit('main')
  await copyRefs(source, target)
  await source.commit('main')
  await source.commit('next')

  const error = await failureOf(client.sync(request({ policy })))

  t.equal(error.code, 'target_ref_moved')
  t.strictSame(actionsOf(error.result), { 'refs/heads/main': 'block', 'refs/heads/next': 'block' })
  t.not(await target.head('main'), main)
  t.strictSame(Object.keys(await target.soundRefs()), ['refs/heads/main'])
})

t.test('what one push cannot hold is unsupported', async (t) => {
  const { source, target, client, request } = await stage(t)
  for (const name of ['main', 'a', 'b']) await source.commit(name)

  const error = await failureOf(client.sync(request({ policy, options: { targetMaxRefUpdates: 2 } })))

  t.equal(error.code, 'unsupported')
  t.match(error.message, /atomic.*targetMaxRefUpdates/s)
  t.strictSame(await target.refs(), {})
})

t.test('a branch a that becomes a/b is unsupported, as git can do that in no order', async (t) => {
  const { source, target, client, request } = await stage(t)
  const before = await replaceBranchByFolder({ source, target })

  const error = await failureOf(client.sync(request({ policy: { ...policy, prune: true } })))

  t.equal(error.code, 'unsupported')
  t.match(error.message, /atomic/)
  t.equal(error.result?.execution.dryRun, true)
  t.strictSame(await target.soundRefs(), before)
})
