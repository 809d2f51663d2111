import t from 'tap'
import type { SyncPolicy } from '../../../src/index.js'
import {
  actionsOf,
  at,
  copyRefs,
  failureOf,
  type Stage,
  type StageOptions,
  stage,
} from '../../../testing/cases/stage.js'
import { git } from '../../../testing/git/git.js'

/** Another writer who is at work each time that a push comes in, before git sees the push. */
function anotherWriter(write: (push: number) => Promise<unknown>): StageOptions {
  let pushes = 0
  return at('target', {
    handle: async ({ kind, service }) => {
      if (kind === 'call' && service === 'git-receive-pack') await write(pushes++)
      return undefined
    },
  })
}

/** `main` and `next` are to be updated, `new` created, `old` deleted. */
async function prepare({ source, target }: Stage) {
  const first = await source.commit('main')
  await source.branch('next', first)
  await source.branch('old', first)
  await copyRefs(source, target)
  await source.delete('old')
  await source.commit('main')
  await source.commit('next')
  await source.commit('new')
  return first
}

const policies: SyncPolicy[] = [{}, { force: true }, { mode: 'replicate' }, { bestEffort: true }]

for (const policy of policies) {
  t.test(`a ref that moved since it was listed is target_ref_moved: ${JSON.stringify(policy)}`, async (t) => {
    const on: Stage = await stage(
      t,
      anotherWriter(() => on.target.commit('main', { message: 'theirs' })),
    )
    await prepare(on)

    const error = await failureOf(on.client.sync(on.request({ policy: { ...policy, prune: true } })))

    const theirs = await on.target.head('main')
    t.equal(error.code, 'target_ref_moved')
    t.ok(error.retryable)
    t.match(error.refs, [{ ref: 'refs/heads/main', reason: theirs }])
    t.equal(error.refs?.length, 1)
    t.strictSame(actionsOf(error.result), {
      'refs/heads/main': 'block',
      'refs/heads/new': 'create',
      'refs/heads/next': 'update',
      'refs/heads/old': 'delete',
    })
    t.strictSame(error.result?.counts, { applied: 2, skipped: 0, blocked: 1, deleted: 1, warned: 0 })
    t.strictSame(await on.target.soundRefs(), { ...(await on.source.refs()), 'refs/heads/main': theirs })
  })
}

t.test('a ref that another writer created meanwhile is target_ref_moved', async (t) => {
  const on: Stage = await stage(
    t,
    anotherWriter(() => on.target.commit('new', { message: 'theirs' })),
  )
  await prepare(on)

  const error = await failureOf(on.client.sync(on.request({ policy: { force: true } })))

  t.equal(error.code, 'target_ref_moved')
  t.strictSame(
    error.refs?.map(({ ref }) => ref),
    ['refs/heads/new'],
  )
  t.not(await on.target.head('new'), await on.source.head('new'))
  t.equal(await on.target.head('main'), await on.source.head('main'))
})

t.test('a ref that another writer deleted meanwhile is target_ref_moved', async (t) => {
  const on: Stage = await stage(
    t,
    anotherWriter(() => on.target.delete('next')),
  )
  await prepare(on)

  const error = await failureOf(on.client.sync(on.request()))

  t.equal(error.code, 'target_ref_moved')
  t.match(error.refs, [{ ref: 'refs/heads/next', reason: /deleted/ }])
  t.equal((await on.target.soundRefs())['refs/heads/next'], undefined)
})

t.test('a ref to be deleted that moved meanwhile is kept', async (t) => {
  const on: Stage = await stage(
    t,
    anotherWriter(() => on.target.commit('old')),
  )
  await prepare(on)

  const error = await failureOf(on.client.sync(on.request({ policy: { prune: true } })))

  t.equal(error.code, 'target_ref_moved')
  t.strictSame(
    error.refs?.map(({ ref }) => ref),
    ['refs/heads/old'],
  )
  t.match(error.result?.counts, { applied: 3, deleted: 0, blocked: 1 })
  t.ok(await on.target.head('old'))
})

t.test('a ref that another writer brought to where we wanted it is done, not failed', async (t) => {
  const on: Stage = await stage(
    t,
    anotherWriter(() => copyRefs(on.source, on.target, 'refs/heads/n*:refs/heads/n*')),
  )
  await prepare(on)

  const result = await on.client.sync(on.request())

  t.strictSame(actionsOf(result), {
    'refs/heads/main': 'update',
    'refs/heads/new': 'create',
    'refs/heads/next': 'update',
  })
  t.match(result.counts, { applied: 3, blocked: 0 })
  t.match(await on.target.soundRefs(), await on.source.refs())
})

t.test('a ref to be deleted that another writer deleted is done too', async (t) => {
  const on: Stage = await stage(
    t,
    anotherWriter(() => on.target.delete('old')),
  )
  await prepare(on)

  const { counts } = await on.client.sync(on.request({ policy: { prune: true } }))

  t.match(counts, { applied: 3, deleted: 1, blocked: 0 })
  t.strictSame(await on.target.soundRefs(), await on.source.refs())
})

t.test('forceBlind overwrites what another writer did meanwhile', async (t) => {
  const on: Stage = await stage(
    t,
    anotherWriter(async (push) => {
      if (push === 0) {
        await on.target.commit('main', { message: 'theirs' })
        await on.target.commit('new', { message: 'theirs' })
        await on.target.delete('next')
      }
    }),
  )
  await prepare(on)

  const { counts } = await on.client.sync(on.request({ policy: { forceBlind: true, prune: true } }))

  t.match(counts, { applied: 3, deleted: 1, blocked: 0 })
  t.strictSame(await on.target.soundRefs(), await on.source.refs())
  t.equal(pushesTo(on), 2)
})

t.test('forceBlind gives up after three pushes, and what others did stays', async (t) => {
  const on: Stage = await stage(
    t,
    anotherWriter((push) => on.target.commit('main', { message: `theirs ${push}` })),
  )
  await prepare(on)

  const error = await failureOf(on.client.sync(on.request({ policy: { forceBlind: true } })))

  t.equal(error.code, 'target_ref_moved')
  t.equal(pushesTo(on), 3)
  t.match(await git(on.target.dir, 'log', '-1', '--format=%s', 'refs/heads/main'), 'theirs 2')
  t.match(error.result?.counts, { applied: 2, blocked: 1 }, 'what was confirmed stays confirmed')
  t.equal(await on.target.head('new'), await on.source.head('new'))
})

t.test('a guard holds for the plan of a second listing too', async (t) => {
  const on: Stage = await stage(
    t,
    anotherWriter(() => on.target.commit('main', { message: 'theirs' })),
  )
  await prepare(on)

  const error = await failureOf(on.client.sync(on.request({ policy: { forceBlind: true, maxForced: 0 } })))

  t.equal(error.code, 'plan_refused')
  t.equal(pushesTo(on), 1)
  t.match(await git(on.target.dir, 'log', '-1', '--format=%s', 'refs/heads/main'), 'theirs')
  t.equal(error.result?.execution.dryRun, false)
  t.match(error.result?.counts, { applied: 2, blocked: 1 }, 'what was confirmed before is told')
})

t.test('a lease miss outweighs a refusal in the same push', async (t) => {
  const on: Stage = await stage(
    t,
    anotherWriter(() => on.target.commit('main', { message: 'theirs' })),
  )
  await prepare(on)
  await on.target.hook('update', 'test "$1" != refs/heads/new')

  const error = await failureOf(on.client.sync(on.request()))

  t.equal(error.code, 'target_ref_moved')
  t.strictSame(
    error.refs?.map(({ ref }) => ref),
    ['refs/heads/main'],
  )
  t.strictSame(actionsOf(error.result), {
    'refs/heads/main': 'block',
    'refs/heads/new': 'block',
    'refs/heads/next': 'update',
  })
})

t.test('a hook that moves the ref itself while ours is on its way', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await copyRefs(source, target)
  const theirs = await target.commit('theirs', { parents: [await target.head('main')] })
  await source.commit('main')
  await target.hook('update', `env -u GIT_QUARANTINE_PATH git update-ref "$1" ${theirs}`)

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'target_ref_moved')
  t.equal(await target.head('main'), theirs)
})

function pushesTo({ target }: Stage): number {
  return target.requests.filter(({ path }) => path.endsWith('/git-receive-pack')).length
}
