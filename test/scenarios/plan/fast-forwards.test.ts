import t from 'tap'
import { actionsOf, failureOf, stage } from '../../../testing/cases/stage.js'
import type { RequestInfo } from '../../../testing/faults/proxy.js'
import { mapPackets, type RawPacket } from '../../../testing/faults/response-faults.js'
import { sourceWithout } from '../../../testing/faults/without-capabilities.js'
import { git } from '../../../testing/git/git.js'
import { linesOf } from '../../../testing/packets/packets.js'
import { pkt } from '../../../testing/packets/wire.js'

t.test('a target that is ahead is blocked, and not said to have diverged for certain', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await client.sync(request())
  const ahead = await target.commit('main')
  const error = await failureOf(client.sync(request()))
  t.match(error.refs, [{ ref: 'refs/heads/main', reason: /the target is ahead/ }])
  t.strictSame(await target.soundRefs(), { 'refs/heads/main': ahead })
})

for (const protocol of ['v1', 'v2', 'auto'] as const) {
  const policy = { protocol }

  t.test(`${protocol}: a branch that diverged blocks everything`, async (t) => {
    const { source, target, client, request } = await stage(t)
    const base = await source.commit('main')
    await source.branch('fine', base)
    await client.sync(request({ policy }))
    await source.commit('main')
    await source.commit('fine')
    await source.commit('new')
    const theirs = await target.commit('main')
    target.server.resetRequests()

    const error = await failureOf(client.sync(request({ policy })))

    t.equal(error.code, 'blocked_refs')
    t.notOk(error.retryable)
    t.match(error.refs, [{ ref: 'refs/heads/main', reason: /diverged/ }])
    t.strictSame(actionsOf(error.result), {
      'refs/heads/fine': 'update',
      'refs/heads/main': 'block',
      'refs/heads/new': 'create',
    })
    t.match(error.result?.execution, { dryRun: true, transferMode: 'none' })
    t.strictSame(error.result?.counts, { applied: 0, skipped: 2, blocked: 1, deleted: 0, warned: 0 })
    t.strictSame(await target.soundRefs(), { 'refs/heads/fine': base, 'refs/heads/main': theirs })
    t.strictSame(
      target.requests.map(({ method }) => method),
      ['GET'],
      'nothing was pushed',
    )

    const planned = await client.plan(request({ policy }))
    t.strictSame(error.result?.refs, planned.refs, 'the error carries the plan exactly as it is')
    t.strictSame(error.result?.plan, planned.plan)
    t.strictSame(error.result?.execution, planned.execution)
  })

  t.test(`${protocol}: a tip that another branch still holds proves nothing about this one`, async (t) => {
    const { source, target, client, request } = await stage(t)
    const base = await source.commit('main')
    const old = await source.commit('main')
    await source.branch('archive', old)
    await client.sync(request({ policy }))
    await source.commit('main', { parents: [base] })

    const error = await failureOf(client.sync(request({ policy })))

    t.strictSame(
      error.refs?.map(({ ref }) => ref),
      ['refs/heads/main'],
    )
    t.equal(await target.head('main'), old)
  })

  t.test(
    `${protocol}: commit dates that lie do not hide an ancestor: the exact proof finds it`,
    async (t) => {
      const { source, target, client, request } = await stage(t)
      // The target's tip claims to be younger than all that was built on it, so that git's walk stops before it.
      await source.commit('main', { date: 2_000_000_000 })
      await source.commit('main', { date: 2_100_000_000 })
      await client.sync(request({ policy }))
      for (let i = 0; i < 15; i++) await source.commit('main', { date: 1_000_000_000 + i })
      source.server.resetRequests()

      await client.sync(request({ policy, collectStats: true }))

      t.strictSame(await target.soundRefs(), await source.refs())
      const calls = source.requests.filter(({ method }) => method === 'POST').length
      const listing = source.requests[0]?.headers['git-protocol'] ? 1 : 0
      t.equal(calls, listing + 3, 'the cheap proof failed, the exact one did not')
    },
  )
}

// With `auto` the listing is that of v2 and the exact proof that of v1.
for (const protocol of ['v1', 'auto'] as const) {
  const policy = { protocol }

  t.test(`${protocol}: a branch that is ahead on the target diverges too`, async (t) => {
    const { source, target, client, request } = await stage(t)
    await source.commit('main')
    await client.sync(request({ policy }))
    const ahead = await target.commit('main')

    const error = await failureOf(client.sync(request({ policy })))

    t.equal(error.code, 'blocked_refs')
    t.strictSame(await target.soundRefs(), { 'refs/heads/main': ahead })
  })

  t.test(`${protocol}: a branch set back on the source diverges`, async (t) => {
    const { source, target, client, request } = await stage(t)
    const first = await source.commit('main')
    const second = await source.commit('main')
    await source.branch('keeps-it', second)
    await client.sync(request({ policy }))
    await source.branch('main', first)

    const error = await failureOf(client.sync(request({ policy })))

    t.equal(error.code, 'blocked_refs')
    t.equal(await target.head('main'), second)
  })

  t.test(`${protocol}: a branch that was fast-forwarded over another one is judged right`, async (t) => {
    const { source, target, client, request } = await stage(t)
    await source.commit('main')
    await source.commit('topic', { parents: [await source.head('main')] })
    await client.sync(request({ policy }))
    // main passes topic's tip and goes on; topic is rewritten beside it.
    await source.branch('main', await source.head('topic'))
    await source.commit('main')

    await client.sync(request({ policy }))
    t.strictSame(await target.soundRefs(), await source.refs())

    const fork = await git(source.dir, 'rev-parse', 'refs/heads/main~2')
    await source.commit('topic', { parents: [fork] })
    const error = await failureOf(client.sync(request({ policy })))
    t.strictSame(
      error.refs?.map(({ ref }) => ref),
      ['refs/heads/topic'],
    )
  })

  t.test(`${protocol}: many branches at once, each judged by itself`, async (t) => {
    const { source, target, client, request } = await stage(t)
    const base = await source.addCommits('main', 2)
    const names = Array.from({ length: 9 }, (_, index) => `b${index}`)
    for (const name of names) await source.branch(name, base)
    await client.sync(request({ policy }))
    const shared = await source.commit('main')
    for (const [index, name] of names.entries()) {
      if (index % 3 === 0) await source.branch(name, shared)
      else if (index % 3 === 1) await source.commit(name)
      else await source.commit(name, { parents: [] })
    }

    const error = await failureOf(client.sync(request({ policy })))

    t.strictSame(
      error.refs?.map(({ ref }) => ref),
      ['b2', 'b5', 'b8'].map((name) => `refs/heads/${name}`),
    )
    t.match(error.result?.plan, { update: 7, block: 3 })
    await client.sync(request({ policy: { ...policy, force: true } }))
    t.strictSame(await target.soundRefs(), await source.refs())
  })
}

t.test('branches with different tips that go to one tip are judged one by one', async (t) => {
  const { source, target, client, request } = await stage(t)
  const base = await source.commit('main')
  await source.branch('behind', base)
  await source.branch('apart', base)
  await client.sync(request())
  await target.commit('apart')
  const tip = await source.commit('main')
  await source.branch('behind', tip)
  await source.branch('apart', tip)

  const planned = await client.plan(request())

  t.strictSame(actionsOf(planned), {
    'refs/heads/apart': 'block',
    'refs/heads/behind': 'update',
    'refs/heads/main': 'update',
  })
})

t.test('a proof takes no more than a handful of bytes from the source', async (t) => {
  const { source, client, request } = await stage(t)
  await source.bigHistory({ commits: 10, bytesPerCommit: 20_000 })
  await client.sync(request())
  await source.addCommits('main', 200)
  source.server.resetRequests()

  await client.plan(request())

  const [, , ...proofs] = source.requests
  t.equal(proofs.length, 1)
  for (const { responseBytes, requestBytes } of proofs) {
    t.ok(responseBytes < 1000, `${responseBytes} bytes`)
    t.ok(requestBytes < 1000, `${requestBytes} bytes`)
  }
})

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: of what was replaced a failed proof brings one commit`, async (t) => {
    const { source, client, request } = await stage(t, { source: { protocol } })
    const base = await source.commit('main')
    await source.branch('before', await source.addCommits('main', 200))
    await client.sync(request())
    await source.commit('main', { parents: [base] })
    source.server.resetRequests()

    const planned = await client.plan(request({ scope: { branches: ['main'] } }))

    t.match(planned.refs, [{ action: 'block' }])
    const proofs = source.requests.filter(
      ({ method, path }) => method === 'POST' && path.includes('upload-pack'),
    )
    const bytes = proofs.slice(protocol === 'v2' ? 1 : 0).map(({ responseBytes }) => responseBytes)
    t.equal(bytes.length, 2, 'the cheap proof and the exact one')
    t.ok(Math.max(...bytes) < 1000, `${bytes} bytes`)
  })

  t.test(`${protocol}: a source whose git is too old for that is asked without trees`, async (t) => {
    const asked: string[] = []
    const { source, client, request } = await stage(t, {
      source: {
        protocol,
        handle: async ({ kind, body }) => {
          if (kind === 'call') asked.push(...linesOf(await body()))
          return kind === 'info-refs' ? { type: 'rewrite', transform: mapPackets(olderGit) } : undefined
        },
      },
    })
    await source.commit('main')
    await client.sync(request())
    await source.commit('main', { parents: [] })

    t.match((await client.plan(request())).refs, [{ action: 'block' }])
    t.strictSame(
      asked.filter((line) => line.startsWith('filter ')),
      ['filter tree:0', 'filter tree:0'],
      'by both proofs',
    )
  })
}

function olderGit({ raw, payload }: RawPacket): Buffer {
  return payload ? pkt(payload.toString().replace(/\bagent=git\/\S+/, 'agent=git/2.31.8')) : raw
}

for (const protocol of ['v1', 'v2', 'auto'] as const) {
  t.test(
    `${protocol}: the exact proof asks for a depth that no history has, never for an infinite one`,
    async (t) => {
      const asked: string[] = []
      const handle = async ({ kind, body }: RequestInfo) => {
        if (kind === 'call') asked.push(...linesOf(await body()))
        return undefined
      }
      const { source, client, request } = await stage(t, { source: { handle } })
      const base = await source.commit('main')
      await source.branch('archive', await source.commit('main'))
      await client.sync(request())
      // So far from it that the commits between are not read.
      await source.branch('main', base)
      await source.addCommits('main', 1500)

      const planned = await client.plan(request({ policy: { protocol } }))

      t.equal(planned.plan.block, 1)
      t.strictSame(
        asked.filter((line) => line.startsWith('deepen')),
        ['deepen 2147483646'],
      )
    },
  )
}

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: a source without shallow is asked for its commits`, async (t) => {
    const { source, target, client, request } = await stage(t, sourceWithout(protocol, 'shallow'))
    const policy = { protocol }
    await source.commit('main', { date: 2_000_000_000 })
    const base = await source.commit('main', { date: 2_100_000_000 })
    await source.branch('apart', base)
    await client.sync(request({ policy }))
    for (let i = 0; i < 15; i++) await source.commit('main', { date: 1_000_000_000 + i })
    await source.commit('main', { parents: [await source.head('main'), base] })

    await client.sync(request({ policy }))
    t.strictSame(await target.soundRefs(), await source.refs())

    await source.commit('apart', { parents: [] })
    await source.branch('holds-the-old', base)
    const error = await failureOf(client.sync(request({ policy })))
    t.equal(error.code, 'blocked_refs')
    t.strictSame(
      error.refs?.map(({ ref }) => ref),
      ['refs/heads/apart'],
    )
  })

  t.test(`${protocol}: a source that can prove nothing says so and names the way out`, async (t) => {
    const { source, target, client, request } = await stage(t, sourceWithout(protocol, 'shallow', 'filter'))
    const policy = { protocol }
    const base = await source.commit('main')
    await source.branch('base', base)
    await client.sync(request({ policy }))
    await source.commit('main', { parents: [] })

    const error = await failureOf(client.sync(request({ policy })))
    t.equal(error.code, 'unsupported')
    t.match(error.message, /force/)
    t.equal(await target.head('main'), base)

    await client.sync(request({ policy: { ...policy, force: true } }))
    t.equal(await target.head('main'), await source.head('main'))
  })
}
