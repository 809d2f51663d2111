import t from 'tap'
import { UnstableClient } from '../src/unstable.js'
import { at, failureOf, stage } from '../testing/cases/stage.js'

const client = new UnstableClient()

t.test('bootstrap fills a target that has none of the refs, whatever else it has', async (t) => {
  const { source, target, request } = await stage(t)
  await source.addCommits('main', 3)
  await source.tag('v1', 'main', { annotated: true })
  const kept = await target.commit('kept')

  const result = await client.bootstrap(request({ policy: { includeTags: true } }))

  t.match(result, { counts: { applied: 2 }, execution: { transferMode: 'bootstrap', dryRun: false } })
  t.strictSame(await target.soundRefs(), { ...(await source.refs()), 'refs/heads/kept': kept })
})

t.test('bootstrap refuses a target that has any, names them, and pushes nothing', async (t) => {
  const { source, target, client: stable, request } = await stage(t)
  await source.addCommits('main', 2)
  await source.branch('dev', await source.head('main'))
  await source.branch('same', await source.head('main'))
  await stable.sync(request({ scope: { branches: ['same', 'main'] } }))
  const old = await source.head('main')
  await source.commit('main', { parents: [] })
  const before = await target.refs()

  const error = await failureOf(client.bootstrap(request()))

  t.equal(error.code, 'plan_refused')
  t.notOk(error.retryable)
  t.strictSame(error.refs, [
    { ref: 'refs/heads/main', reason: `the target has it already, at ${old}` },
    { ref: 'refs/heads/same', reason: `the target has it already, at ${old}` },
  ])
  t.match(error.message, /2 refs .*refs\/heads\/main.*scope\.excludeRefs/)
  t.match(error.result, { execution: { dryRun: true }, plan: { create: 1, skip: 1, block: 1 } })
  t.strictSame(await target.refs(), before)

  const result = await client.bootstrap(request({ scope: { branches: ['dev'] } }))
  t.equal(result.counts.applied, 1, 'other refs of the target do not matter')
})

t.test('bootstrap goes in several pushes, each of which finds the refs of those before it', async (t) => {
  const { source, target, request } = await stage(t)
  await source.addCommits('main', 2)
  for (const name of ['a', 'b', 'c']) await source.branch(name, await source.head('main'))

  const result = await client.bootstrap(request({ options: { targetMaxRefUpdates: 2 } }))

  t.match(result, { counts: { applied: 4 }, execution: { batch: { done: 2 } } })
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('fetch counts the pack that the source sends for its branches, and keeps nothing', async (t) => {
  const { source } = await stage(t)
  await source.addCommits('main', 10)
  const main = await source.head('main')

  const result = await client.fetch({ source: { url: source.url } })

  t.match(result, {
    sourceUrl: source.url,
    requestedMode: 'auto',
    protocol: 'v2',
    wants: [{ name: 'refs/heads/main', hash: main }],
    haves: [],
    objects: 30,
    stats: { enabled: false },
  })
  t.ok(result.bytes > 500 && result.bytes < 10_000, `${result.bytes} bytes`)
})

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`fetch leaves out what is had, by ref or by id, over ${protocol}`, async (t) => {
    const { source } = await stage(t)
    await source.addCommits('main', 10)
    const old = await source.head('main')
    await source.branch('released', old)
    await source.addCommits('main', 2)
    const ask = { source: { url: source.url }, scope: { branches: ['main'] }, protocol }

    const byRef = await client.fetch({ ...ask, haveRefs: ['released'], collectStats: true })
    const byFullName = await client.fetch({ ...ask, haveRefs: ['refs/heads/released'] })
    const byId = await client.fetch({ ...ask, haves: [old, old] })
    const all = await client.fetch({ ...ask, haves: [await source.head('main')] })

    t.equal(byRef.objects, 6)
    t.equal(byRef.protocol, protocol)
    t.strictSame(byRef.haves, [old])
    t.match(byRef.stats.items['source git-upload-pack fetch'], { wants: 1, haves: 1, requests: 1 })
    t.strictSame([byFullName.objects, byFullName.bytes], [byRef.objects, byRef.bytes])
    t.strictSame([byId.objects, byId.haves], [6, [old]])
    t.equal(all.objects, 0)
  })
}

t.test('fetch reports its progress, and ends with its caller', async (t) => {
  const { source, events, watch } = await stage(t)
  await source.addCommits('main', 2)
  await client.fetch({ source: { url: source.url }, scope: { branches: ['main', 'nix'] } }, watch)
  t.match(
    events.filter(({ type }) => type === 'discovered' || type === 'notice'),
    [
      { type: 'discovered', side: 'source', refs: 1 },
      { type: 'notice', text: 'the source has no refs/heads/nix' },
    ],
  )
  t.ok(events.some((event) => event.type === 'progress' && event.phase === 'relay'))

  const error = await failureOf(
    client.fetch({ source: { url: source.url } }, { signal: AbortSignal.abort() }),
  )
  t.equal(error.code, 'cancelled')
})

t.test('what a fetch cannot do', async (t) => {
  const { source } = await stage(t)
  await source.addCommits('main', 2)
  const url = { source: { url: source.url } }
  const absent = await failureOf(client.fetch({ ...url, haveRefs: ['nix'] }))
  t.equal(absent.code, 'no_matching_refs')
  t.match(absent.message, 'refs/heads/nix')
  t.equal((await failureOf(client.fetch({ ...url, scope: { branches: ['nix'] } }))).code, 'no_matching_refs')
  t.equal(
    (await failureOf(client.fetch({ ...url, options: { maxPackBytes: 10 } }))).code,
    'pack_limit_exceeded',
  )

  const wrong: [request: object, path: string][] = [
    [{ ...url, haves: ['main'] }, '/haves/0'],
    [{ ...url, haveRefs: ['ok', 'not ok'] }, '/haveRefs/1'],
    [{ ...url, target: url.source }, '/target'],
    [{ source: { url: 'ssh://example.com/x' } }, '/source/url'],
    [{ ...url, scope: { branches: ['a..b'] } }, '/scope/branches/0'],
    [{ ...url, auth: { target: {} } }, '/auth/target'],
  ]
  for (const [request, path] of wrong) {
    const error = await failureOf(client.fetch(request as Parameters<UnstableClient['fetch']>[0]))
    t.equal(error.code, 'invalid_request')
    t.strictSame(
      error.errors?.map((problem) => problem.path),
      [path],
    )
  }
})

t.test('a fetch whose pack is truncated fails, and releases the source', async (t) => {
  const cut = at('source', {
    handle: ({ kind, index }) =>
      kind === 'call' && index === 1 ? { type: 'end-response', after: 300 } : undefined,
  })
  const { source } = await stage(t, cut)
  await source.addCommits('main', 20)
  const error = await failureOf(client.fetch({ source: { url: source.url } }))
  t.equal(error.code, 'source_protocol_error')
  await source.server.idle()
})
