import t from 'tap'
import { stage } from '../../../testing/cases/stage.js'

t.test('statistics count each step as the servers saw it', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.addCommits('main', 3)
  await source.commit('other')
  await client.sync(request())
  await source.addCommits('main', 3)
  source.server.resetRequests()
  target.server.resetRequests()

  const { stats } = await client.sync(request({ collectStats: true }))

  t.strictSame(Object.keys(stats.items).sort(), [
    'source git-upload-pack fetch',
    'source git-upload-pack info-refs',
    'source git-upload-pack ls-refs',
    'source git-upload-pack prove',
    'target git-receive-pack info-refs',
    'target git-receive-pack push',
  ])
  for (const [key, { name, requests }] of Object.entries(stats.items)) {
    t.equal(name, key)
    t.equal(requests, 1)
  }
  const [listing, lsRefs, proof, fetch] = source.requests
  const [targetListing, push] = target.requests
  const pairs = [
    ['source git-upload-pack info-refs', listing],
    ['source git-upload-pack ls-refs', lsRefs],
    ['source git-upload-pack prove', proof],
    ['source git-upload-pack fetch', fetch],
    ['target git-receive-pack info-refs', targetListing],
    ['target git-receive-pack push', push],
  ] as const
  for (const [key, record] of pairs) {
    t.equal(stats.items[key]?.requestBytes, record?.requestBytes, `request bytes of ${key}`)
    t.equal(stats.items[key]?.responseBytes, record?.responseBytes, `response bytes of ${key}`)
  }
  t.match(stats.items['source git-upload-pack fetch'], { wants: 1, haves: 2 })
  t.match(stats.items['target git-receive-pack push'], { commands: 1 })

  t.ok(stats.enabled)
  const sum = (records: typeof source.requests) =>
    records.reduce((bytes, { requestBytes, responseBytes }) => bytes + requestBytes + responseBytes, 0)
  t.match(stats.sides, [
    { label: 'source', bytes: sum(source.requests) },
    { label: 'target', bytes: sum(target.requests) },
  ])
  t.ok((stats.elapsedNanos ?? 0) > 0)
})

t.test('statistics and measurements stay empty where they were not asked for', async (t) => {
  const { source, client, request } = await stage(t)
  await source.commit('main')

  const { stats, measurement } = await client.sync(request())

  t.strictSame(stats, { enabled: false, items: {} })
  t.match(measurement, { enabled: false, elapsedMillis: 0, peakAllocBytes: 0, peakRssBytes: 0, gcCount: 0 })
})

t.test('memory is measured where that was asked for', async (t) => {
  const { source, client, request } = await stage(t)
  await source.commit('main')
  const options = { measureMemory: true }

  for (const { measurement } of [
    await client.sync(request({ options })),
    await client.probe({ source: { url: source.url }, options }),
  ]) {
    t.ok(measurement.enabled)
    t.ok(measurement.peakRssBytes > 10_000_000)
    t.ok(measurement.peakAllocBytes > 1_000_000)
    t.ok(measurement.peakHeapInuseBytes > 1_000_000)
  }
})

t.test('a probe has statistics too', async (t) => {
  const { source, target, client } = await stage(t)
  await source.commit('main')

  const { stats } = await client.probe({
    source: { url: source.url },
    target: { url: target.url },
    collectStats: true,
  })

  t.strictSame(Object.keys(stats.items).sort(), [
    'source git-upload-pack info-refs',
    'source git-upload-pack ls-refs',
    'target git-receive-pack info-refs',
  ])
  t.equal(stats.items['target git-receive-pack info-refs']?.responseBytes, target.requests[0]?.responseBytes)
})

t.test('an error carries the statistics of what was done until then', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await target.commit('main', { message: 'another' })

  const error = await client.sync(request({ collectStats: true })).catch((reason) => reason)

  t.equal(error.code, 'blocked_refs')
  t.equal(error.result.stats.items['target git-receive-pack info-refs'].requests, 1)
})
