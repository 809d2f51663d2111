import t from 'tap'
import type { ProtocolMode } from '../../../src/index.js'
import { failureOf, stage } from '../../../testing/cases/stage.js'
import { linesOf } from '../../../testing/packets/packets.js'

interface Case {
  asked: ProtocolMode
  server: 'v1' | 'v2'
  spoken: 'v1' | 'v2'
}

const cases: Case[] = [
  { asked: 'auto', server: 'v2', spoken: 'v2' },
  { asked: '', server: 'v2', spoken: 'v2' },
  { asked: 'v2', server: 'v2', spoken: 'v2' },
  { asked: 'v1', server: 'v2', spoken: 'v1' },
  { asked: 'auto', server: 'v1', spoken: 'v1' },
  { asked: 'v1', server: 'v1', spoken: 'v1' },
]

for (const { asked, server, spoken } of cases) {
  t.test(`"${asked}" with a source of ${server}: everything goes over ${spoken}`, async (t) => {
    const { source, target, client, request } = await stage(t, { source: { protocol: server } })
    const policy = { protocol: asked, includeTags: true }
    const first = await source.addCommits('main', 3)
    await source.commit('rewritten')
    await source.tag('v1', first, { annotated: true })

    const created = await client.sync(request({ policy }))
    t.equal(created.execution.protocol, spoken)
    t.equal(created.execution.sourceHead, 'refs/heads/main')
    t.strictSame(await target.soundRefs(), await source.refs())

    await source.addCommits('main', 3)
    await client.sync(request({ policy }))
    t.strictSame(await target.soundRefs(), await source.refs(), 'an update')

    const before = await target.refs()
    await source.commit('rewritten', { parents: [first] })
    await source.addCommits('main', 1)
    const error = await failureOf(client.sync(request({ policy })))
    t.equal(error.code, 'blocked_refs')
    t.strictSame(
      error.refs?.map(({ ref }) => ref),
      ['refs/heads/rewritten'],
    )
    t.strictSame(await target.refs(), before, 'what diverged is blocked')

    await client.sync(request({ policy: { ...policy, force: true } }))
    t.strictSame(await target.soundRefs(), await source.refs(), 'and forced')

    const isV2 = source.requests.some(({ headers, method }) => method === 'POST' && headers['git-protocol'])
    t.equal(isV2, spoken === 'v2')
    t.notOk(source.requests.some(({ headers }) => headers['git-protocol'] === 'version=1'))
    t.notOk(target.requests.some(({ headers }) => headers['git-protocol']))
  })
}

t.test('v2 forced on a source that speaks v1 only is unsupported', async (t) => {
  const { source, target, client, request } = await stage(t, { source: { protocol: 'v1' } })
  await source.commit('main')
  const kept = await target.commit('kept')

  const error = await failureOf(client.sync(request({ policy: { protocol: 'v2' } })))

  t.equal(error.code, 'unsupported')
  t.match(error.message, /v2.*protocol/s, 'it names the setting that would allow it')
  t.notOk(error.retryable)
  t.strictSame(await target.soundRefs(), { 'refs/heads/kept': kept })
})

t.test('only branches in the scope are listed over v2', async (t) => {
  const asked: string[][] = []
  const { source, client, request } = await stage(t, {
    source: {
      handle: async ({ kind, body }) => {
        if (kind === 'call') asked.push(linesOf(await body()))
        return undefined
      },
    },
  })
  await source.commit('main')
  await source.commit('release/1')

  await client.plan(request({ scope: { branches: ['release/*'] } }))

  const prefixes = asked[0]?.filter((line) => line.startsWith('ref-prefix '))
  t.strictSame(prefixes, ['ref-prefix HEAD', 'ref-prefix refs/heads/release/'])
})

t.test('nothing is asked of a source that it did not offer', async (t) => {
  const asked: string[][] = []
  const { source, client, request } = await stage(t, {
    source: {
      protocol: 'v1',
      handle: async ({ kind, body }) => {
        if (kind === 'call') asked.push(linesOf(await body()))
        return undefined
      },
    },
  })
  await source.commit('main')
  const { sourceCapabilities } = await client.probe({ source: { url: source.url } })

  await client.sync(request())

  const [, ...chosen] = (asked[0]?.[0] ?? '').split(' ').slice(1)
  t.ok(chosen.length > 0)
  const names = new Set(sourceCapabilities.map((capability) => capability.split('=')[0]))
  for (const capability of chosen) t.ok(names.has(capability.split('=')[0]), capability)
  t.notOk(chosen.includes('include-tag'))
})
