import t from 'tap'
import { stage } from '../../../testing/cases/stage.js'
import type { RequestRecord } from '../../../testing/packets/recording.js'

const said = ({ method, path, service }: RequestRecord) =>
  `${method} ${path.endsWith('/info/refs') ? `info/refs ${service}` : service}`

t.test('a no-op costs three requests', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await client.sync(request())
  source.server.resetRequests()
  target.server.resetRequests()

  await client.sync(request())

  t.strictSame(source.requests.map(said), ['GET info/refs git-upload-pack', 'POST git-upload-pack'])
  t.strictSame(target.requests.map(said), ['GET info/refs git-receive-pack'])
})

t.test('an update of one branch costs six requests', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await source.commit('other')
  await client.sync(request())
  await source.addCommits('main', 4)
  source.server.resetRequests()
  target.server.resetRequests()

  await client.sync(request())

  t.strictSame(
    source.requests.map(said),
    ['GET info/refs git-upload-pack', ...Array(3).fill('POST git-upload-pack')],
    'the listing, a proof and the fetch',
  )
  t.strictSame(target.requests.map(said), ['GET info/refs git-receive-pack', 'POST git-receive-pack'])
})

t.test('a first sync costs five requests', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.addCommits('main', 4)
  await source.commit('other')

  await client.sync(request())

  t.equal(source.requests.length, 3)
  t.equal(target.requests.length, 2)
})

t.test('over v1 a no-op costs two requests, and an update five', async (t) => {
  const { source, target, client, request } = await stage(t, { source: { protocol: 'v1' } })
  await source.commit('main')
  await client.sync(request())
  source.server.resetRequests()
  target.server.resetRequests()
  await client.sync(request())
  t.equal(source.requests.length + target.requests.length, 2)

  await source.commit('main')
  await client.sync(request())
  t.equal(source.requests.length + target.requests.length, 2 + 5)
})

t.test('both remotes are opened in parallel: neither answers before the other was asked', async (t) => {
  const waiting = new Map<string, () => void>()
  const meet =
    (side: string, other: string) => async (_request: unknown, _response: unknown, next: () => void) => {
      waiting.set(side, next)
      if (!waiting.has(other)) return
      for (const go of waiting.values()) go()
    }
  const { source, target, client, request } = await stage(t, { client: { stallTimeout: 10_000 } })
  await source.commit('main')
  source.server.intercept = (...args) => {
    source.server.intercept = undefined
    return meet('source', 'target')(...args)
  }
  target.server.intercept = (...args) => {
    target.server.intercept = undefined
    return meet('target', 'source')(...args)
  }

  await client.sync(request())

  t.strictSame([...waiting.keys()].sort(), ['source', 'target'])
  t.strictSame(await target.refs(), await source.refs())
})

t.test('requests say who we are, and never ask for compression', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')

  await client.sync(request())

  for (const { headers } of [...source.requests, ...target.requests]) {
    t.match(headers['user-agent'], /^git\/.*git-sync/)
    t.equal(headers['accept-encoding'], 'identity')
  }
  for (const { headers, service } of [...source.requests, ...target.requests].filter(
    ({ method }) => method === 'POST',
  )) {
    t.equal(headers['content-type'], `application/x-${service}-request`)
    t.equal(headers.accept, `application/x-${service}-result`)
  }
})

t.test('haves beyond a kilobyte are sent gzipped', async (t) => {
  const { source, target, client, request } = await stage(t)
  const base = await source.commit('main')
  await client.sync(request())
  for (let i = 0; i < 40; i++)
    await target.branch(`own-${i}`, await target.commit('own', { parents: [base] }))
  await source.commit('main')
  source.server.resetRequests()

  await client.sync(request())

  t.equal(source.requests.at(-1)?.headers['content-encoding'], 'gzip')
  t.equal(source.requests[1]?.headers['content-encoding'], undefined)
  t.equal(await target.head('main'), await source.head('main'))
})
