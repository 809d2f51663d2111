import t from 'tap'
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
import { linesOf } from '../../../testing/packets/packets.js'

type Protocol = 'v1' | 'v2'

/** Somebody at work on the source each time that its pack is asked for, before git sees the request. */
function movingSource(protocol: Protocol, move: (fetch: number) => Promise<unknown>): StageOptions {
  let fetches = 0
  return at('source', {
    protocol,
    handle: async ({ kind, body }) => {
      if (kind !== 'call') return undefined
      const lines = linesOf(await body())
      const isFetch = lines.some((line) => line.startsWith('want ')) && lines.join(' ').includes('ofs-delta')
      if (isFetch && !lines.some((line) => /^(deepen|filter) /.test(line))) await move(fetches++)
      return undefined
    },
  })
}

/** Sets a branch to a new commit, and drops what only its old one held. */
async function rewrite({ source }: Stage, branch: string, parent: string, message = 'rewritten') {
  await source.commit(branch, { parents: [parent], message })
  await git(source.dir, 'gc', '--quiet', '--prune=now')
}

async function prepare({ source, target }: Stage) {
  const base = await source.commit('main')
  const onTarget = await source.commit('main')
  await copyRefs(source, target)
  await source.commit('main')
  return { base, onTarget }
}

for (const protocol of ['v1', 'v2'] as const) {
  t.test(
    `${protocol}: a tip that vanished since it was listed is listed again, once, and the new one is synced`,
    async (t) => {
      let parent = ''
      const on: Stage = await stage(
        t,
        movingSource(protocol, async (fetch) => fetch === 0 && rewrite(on, 'main', parent)),
      )
      const { onTarget } = await prepare(on)
      parent = onTarget

      const result = await on.client.sync(on.request(), on.watch)

      t.match(result.counts, { applied: 1 })
      t.match(result.refs, [{ sourceHash: await on.source.head('main'), action: 'update' }])
      t.strictSame(await on.target.soundRefs(), await on.source.refs())
      t.equal(on.source.requests.filter(({ method }) => method === 'GET').length, 2)
      t.equal(on.events.filter(({ type }) => type === 'planned').length, 2, 'planned anew')
      t.ok(on.events.some(({ type }) => type === 'notice'))
    },
  )

  t.test(`${protocol}: a tip that was rewritten meanwhile is blocked, not pushed`, async (t) => {
    let parent = ''
    const on: Stage = await stage(
      t,
      movingSource(protocol, async () => rewrite(on, 'main', parent)),
    )
    const { base, onTarget } = await prepare(on)
    parent = base

    const error = await failureOf(on.client.sync(on.request()))

    t.equal(error.code, 'blocked_refs')
    t.strictSame(
      error.refs?.map(({ ref }) => ref),
      ['refs/heads/main'],
    )
    t.equal(error.result?.execution.dryRun, true)
    t.strictSame(await on.target.soundRefs(), { 'refs/heads/main': onTarget })
    t.notOk(on.target.requests.some(({ method }) => method === 'POST'))
  })

  t.test(`${protocol}: with force the rewritten tip is what arrives`, async (t) => {
    let parent = ''
    const on: Stage = await stage(
      t,
      movingSource(protocol, async (fetch) => fetch === 0 && rewrite(on, 'main', parent)),
    )
    const { base } = await prepare(on)
    parent = base

    const { plan } = await on.client.sync(on.request({ policy: { force: true } }))

    t.match(plan, { update: 1, forced: 1 })
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
  })

  t.test(`${protocol}: an expected plan holds for the second listing too`, async (t) => {
    let parent = ''
    const on: Stage = await stage(
      t,
      movingSource(protocol, async () => rewrite(on, 'main', parent)),
    )
    const { onTarget } = await prepare(on)
    parent = onTarget
    const { plan } = await on.client.plan(on.request())

    const error = await failureOf(on.client.sync(on.request({ policy: { expectedPlan: plan.digest } })))

    t.equal(error.code, 'plan_changed')
    t.not(error.result?.plan.digest, plan.digest)
    t.strictSame(await on.target.soundRefs(), { 'refs/heads/main': onTarget })
  })

  t.test(`${protocol}: a tip that vanishes each time is an error that names the ref`, async (t) => {
    let parent = ''
    const on: Stage = await stage(
      t,
      movingSource(protocol, async (fetch) => rewrite(on, 'main', parent, `rewritten ${fetch}`)),
    )
    const { onTarget } = await prepare(on)
    parent = onTarget

    const error = await failureOf(on.client.sync(on.request()))

    t.equal(error.code, 'source_protocol_error')
    t.strictSame(
      error.refs?.map(({ ref }) => ref),
      ['refs/heads/main'],
    )
    t.equal(on.source.requests.filter(({ method }) => method === 'GET').length, 2)
    t.strictSame(await on.target.soundRefs(), { 'refs/heads/main': onTarget })
  })

  t.test(
    `${protocol}: a branch that was deleted meanwhile is left out, and nothing is pruned for it`,
    async (t) => {
      const on: Stage = await stage(
        t,
        movingSource(protocol, async () => {
          await on.source.delete('main')
          await git(on.source.dir, 'gc', '--quiet', '--prune=now')
        }),
      )
      const { onTarget } = await prepare(on)
      await on.source.branch('stays', onTarget)

      const result = await on.client.sync(on.request())

      t.strictSame(actionsOf(result), { 'refs/heads/stays': 'create' })
      t.strictSame(await on.target.soundRefs(), { 'refs/heads/main': onTarget, 'refs/heads/stays': onTarget })
    },
  )

  t.test(`${protocol}: a tip that only moved on is still served as it was listed`, async (t) => {
    const on: Stage = await stage(
      t,
      movingSource(protocol, async () => on.source.commit('main')),
    )
    await prepare(on)
    const listed = await on.source.head('main')

    await on.client.sync(on.request())

    t.strictSame(await on.target.soundRefs(), { 'refs/heads/main': listed })
  })
}

t.test(
  'what an earlier push of the run has confirmed stays confirmed when a later fetch lists anew',
  async (t) => {
    let parent = ''
    const on: Stage = await stage(
      t,
      movingSource('v2', async (fetch) => fetch === 1 && rewrite(on, 'zzz', parent)),
    )
    parent = await on.source.commit('main')
    await on.source.commit('zzz', { parents: [parent] })

    const result = await on.client.sync(on.request({ options: { targetMaxRefUpdates: 1 } }))

    t.strictSame(actionsOf(result), { 'refs/heads/main': 'create', 'refs/heads/zzz': 'create' })
    t.match(result.counts, { applied: 2, skipped: 0 })
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
  },
)
