import t from 'tap'
import { stage } from '../../../testing/cases/stage.js'

t.test('a probe lists the branches of the source and what it can do', async (t) => {
  const { source, target, client } = await stage(t)
  const main = await source.commit('main')
  const next = await source.commit('next')
  await source.tag('v1', main)

  const found = await client.probe({ source: { url: source.url } })

  t.strictSame(found.refs, [
    { name: 'refs/heads/main', hash: main },
    { name: 'refs/heads/next', hash: next },
  ])
  t.match(found, {
    sourceUrl: source.url,
    protocol: 'v2',
    requestedMode: 'auto',
    sourceHead: 'refs/heads/main',
  })
  t.ok(found.sourceCapabilities.some((capability) => capability.startsWith('fetch=')))
  t.notOk('targetCapabilities' in found || 'targetUrl' in found)
  t.strictSame(target.requests, [])
})

t.test('a probe of both sides brings the capabilities of the target', async (t) => {
  const { source, target, client } = await stage(t)
  await source.commit('main')

  const found = await client.probe({ source: { url: source.url }, target: { url: target.url } })

  t.equal(found.targetUrl, target.url)
  for (const capability of ['report-status', 'delete-refs', 'atomic']) {
    t.ok(found.targetCapabilities?.includes(capability), capability)
  }
  t.ok(
    [...source.requests, ...target.requests].every(({ service, method }) => {
      return method === 'GET' || service === 'git-upload-pack'
    }),
    'nothing was pushed',
  )
})

t.test('tags, other refs and excludes do in a probe what they do in a sync', async (t) => {
  const { source, client } = await stage(t)
  const main = await source.commit('main')
  await source.tag('v1', main, { annotated: true })
  await source.branch('refs/notes/commits', main)
  await source.branch('refs/pull/1/head', main)
  await source.branch('refs/gitsync/left-over', main)
  const endpoint = { url: source.url }
  const names = async (parts: object) => {
    const { refs } = await client.probe({ source: endpoint, ...parts })
    return refs.map(({ name }) => name)
  }

  t.strictSame(await names({ includeTags: true }), ['refs/heads/main', 'refs/tags/v1'])
  t.strictSame(
    await names({ allRefs: true }),
    ['refs/heads/main', 'refs/notes/commits', 'refs/pull/1/head', 'refs/tags/v1'],
    'the refs of this program are not among them',
  )
  t.strictSame(await names({ allRefs: true, excludeRefPrefixes: ['refs/pull/', 'refs/tags/'] }), [
    'refs/heads/main',
    'refs/notes/commits',
  ])
})

t.test('a probe speaks the protocol that was asked for', async (t) => {
  const { source, client } = await stage(t)
  const main = await source.commit('main')
  const annotated = await source.tag('v1', main, { annotated: true })

  const v1 = await client.probe({ source: { url: source.url }, protocol: 'v1', includeTags: true })
  t.match(v1, { protocol: 'v1', requestedMode: 'v1', sourceHead: 'refs/heads/main' })
  t.strictSame(
    v1.refs,
    [
      { name: 'refs/heads/main', hash: main },
      { name: 'refs/tags/v1', hash: annotated },
    ],
    'peeled entries are no refs',
  )

  const v2 = await client.probe({ source: { url: source.url }, protocol: 'v2', includeTags: true })
  t.match(v2, { protocol: 'v2', requestedMode: 'v2' })
  t.strictSame(v2.refs, v1.refs)
})

t.test('an empty source is probed without fuss, and its unborn HEAD is told', async (t) => {
  const { source, client } = await stage(t)

  const found = await client.probe({ source: { url: source.url } })

  t.strictSame(found.refs, [])
  t.equal(found.sourceHead, 'refs/heads/main')
})

t.test('Go’s zero values are taken as not set', async (t) => {
  const { source, client } = await stage(t)
  await source.commit('main')

  const found = await client.probe({
    source: { url: source.url, followInfoRefsRedirect: false },
    target: null,
    includeTags: false,
    excludeRefPrefixes: null,
    protocol: '',
    auth: { source: { username: '', token: '', bearerToken: '' } },
  })

  t.match(found, { protocol: 'v2', requestedMode: 'auto', refs: [{ name: 'refs/heads/main' }] })
  t.equal(source.requests[0]?.headers.authorization, undefined)
})
