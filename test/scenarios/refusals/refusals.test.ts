import t from 'tap'
import { actionsOf, at, copyRefs, failureOf, stage } from '../../../testing/cases/stage.js'
import type { RequestInfo } from '../../../testing/faults/proxy.js'
import type { Action } from '../../../testing/faults/proxy-actions.js'
import { corruptPack, mapPackets } from '../../../testing/faults/response-faults.js'
import { git, gitWith } from '../../../testing/git/git.js'
import { band, FLUSH, pkt } from '../../../testing/packets/wire.js'

t.test('a ref that a hook refuses is ref_rejected with the hook’s word, the others have moved', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await source.commit('locked')
  await target.hook('update', 'test "$1" != refs/heads/locked')

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'ref_rejected')
  t.notOk(error.retryable)
  t.strictSame(error.refs, [{ ref: 'refs/heads/locked', reason: 'hook declined' }])
  t.match(error.message, /refs\/heads\/locked.*hook declined/)
  t.match(error.message, /bestEffort/)
  t.strictSame(actionsOf(error.result), { 'refs/heads/locked': 'block', 'refs/heads/main': 'create' })
  t.strictSame(error.result?.counts, { applied: 1, skipped: 0, blocked: 1, deleted: 0, warned: 0 })
  t.match(error.result?.refs, [{ reason: 'hook declined' }])
  t.equal(error.result?.execution.dryRun, false)
  const { 'refs/heads/locked': _, ...others } = await source.refs()
  t.strictSame(await target.soundRefs(), others)
})

t.test('a pre-receive hook refuses all of it', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await copyRefs(source, target)
  const before = await target.refs()
  await source.commit('main')
  await source.commit('next')
  await target.hook('pre-receive', 'exit 1')

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'ref_rejected')
  t.strictSame(
    error.refs?.map(({ ref }) => ref),
    ['refs/heads/main', 'refs/heads/next'],
  )
  t.match(error.result?.counts, { applied: 0, blocked: 2 })
  t.strictSame(await target.soundRefs(), before)
})

t.test('rules of the target are refusals too', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: { config: { 'receive.denyNonFastForwards': 'true', 'receive.denyDeletes': 'true' } },
  })
  const base = await source.commit('main')
  await source.branch('old', base)
  await copyRefs(source, target)
  const before = await target.refs()
  await source.commit('main', { parents: [] })
  await source.delete('old')

  const error = await failureOf(client.sync(request({ policy: { force: true, prune: true } })))

  t.equal(error.code, 'ref_rejected')
  t.match(error.refs, [
    { ref: 'refs/heads/old', reason: /deletion prohibited/ },
    { ref: 'refs/heads/main', reason: /non-fast-forward/ },
  ])
  t.strictSame(await target.soundRefs(), before)
})

t.test('a hidden ref of the target looks like a create and comes back refused', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: { config: { 'receive.hideRefs': 'refs/heads/secret' } },
  })
  await source.commit('main')
  await source.branch('secret', await source.commit('main'))
  await target.branch('secret', await target.commit('kept'))

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'ref_rejected')
  t.match(error.refs, [{ ref: 'refs/heads/secret', reason: /hidden/ }])
  t.equal(await target.head('main'), await source.head('main'))
})

t.test(
  'a pack that does not unpack is the target’s protocol error, with its reason and the refs',
  async (t) => {
    const { source, target, client, request } = await stage(
      t,
      at('source', {
        handle: ({ kind, index }) =>
          kind === 'call' && index >= 1 ? { type: 'rewrite', transform: corruptPack() } : undefined,
      }),
    )
    await source.bigHistory({ commits: 2, bytesPerCommit: 10_000, branches: 2 })
    const kept = await target.commit('kept')

    const error = await failureOf(client.sync(request({ policy: { bestEffort: true } })))

    t.equal(error.code, 'target_protocol_error')
    t.match(error.message, /unpack/)
    t.strictSame(error.refs?.map(({ ref }) => ref).sort(), ['refs/heads/branch-1', 'refs/heads/main'])
    t.match(error.result?.counts, { applied: 0, blocked: 2, warned: 0 }, 'best effort or not')
    t.strictSame(await target.soundRefs(), { 'refs/heads/kept': kept })
  },
)

t.test('objects that the target’s own checks refuse are told with their reason', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: { config: { 'receive.fsckObjects': 'true' } },
  })
  const good = await source.commit('main')
  const tree = await git(source.dir, 'rev-parse', `${good}^{tree}`)
  const raw = `tree ${tree}\nauthor nobody 1 +0000\ncommitter nobody 1 +0000\n\nno address\n`
  const bad = await gitWith(
    source.dir,
    { input: raw },
    'hash-object',
    '-t',
    'commit',
    '-w',
    '--literally',
    '--stdin',
  )
  await source.branch('main', bad)

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'target_protocol_error')
  t.match(error.message, /unpack/)
  t.strictSame(await target.soundRefs(), {})
})

t.test('a server of another kind that says ok and does nothing is found out', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: { handle: saysOk },
    client: { stallTimeout: 1_000 },
  })
  await source.commit('main')

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'ref_rejected')
  t.strictSame(actionsOf(error.result), { 'refs/heads/main': 'block' })
  t.strictSame(await target.soundRefs(), {})

  async function saysOk(info: RequestInfo): Promise<Action | undefined> {
    if (info.kind === 'info-refs') return { type: 'rewrite', transform: ofAnotherAgent() }
    await info.body()
    const lines = Buffer.concat([pkt('unpack ok\n'), pkt('ok refs/heads/main\n'), FLUSH])
    const headers = { 'content-type': 'application/x-git-receive-pack-result' }
    return { type: 'respond', status: 200, headers, body: Buffer.concat([band(1, lines), FLUSH]) }
  }
})

t.test('a server of another kind that does what it says is believed after a look', async (t) => {
  const { source, target, client, request } = await stage(
    t,
    at('target', {
      handle: ({ kind }) =>
        kind === 'info-refs' ? { type: 'rewrite', transform: ofAnotherAgent() } : undefined,
    }),
  )
  await source.commit('main')

  const { counts } = await client.sync(request())

  t.match(counts, { applied: 1, blocked: 0 })
  t.equal(target.requests.filter(({ method }) => method === 'GET').length, 2)
  t.strictSame(await target.soundRefs(), await source.refs())
})

/** The advertisement of some other program. */
function ofAnotherAgent() {
  return mapPackets(({ raw, payload }) => {
    return payload?.includes(0) ? pkt(payload.toString().replace(/agent=\S+/, 'agent=other/1.0')) : raw
  })
}
