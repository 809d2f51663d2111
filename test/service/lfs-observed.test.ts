import { randomBytes } from 'node:crypto'
import { tracing } from '@opentelemetry/sdk-node'
import t from 'tap'
import { startTracing } from '../../src/service/tracing.js'

// Tracing comes before Fastify is loaded, and so before all that imports it.
const exporter = new tracing.InMemorySpanExporter()
const stop = await startTracing(
  { OTEL_TRACES_EXPORTER: 'otlp' },
  { spanProcessors: [new tracing.SimpleSpanProcessor(exporter)], autoDetectResources: false },
)
t.teardown(stop)
const { DOCUMENT, serveApp } = await import('../../testing/processes/served-app.js')
const { lfsStage } = await import('../../testing/lfs/lfs-stage.js')

t.test('LFS objects are counted by outcome, and have a span', async (t) => {
  const { client, from, request, commit } = await lfsStage(t)
  const { url, post } = await serveApp(t, { client })
  const metrics = async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    const samples = text.matchAll(/^gitsync_lfs_(\w+)_total(?:\{outcome="(\w+)"\})? (\d+)$/gm)
    return Object.fromEntries([...samples].map(([, name, outcome = name, value]) => [outcome, Number(value)]))
  }
  const run = async (path: string, policy: { lfs: 'new' | 'all'; bestEffort?: boolean }) => {
    await (await post(path, request(policy), DOCUMENT)).text()
    return metrics()
  }
  await commit(randomBytes(1000), randomBytes(2000))

  t.strictSame(await run('/plan', { lfs: 'new' }), { bytes: 0 }, 'a plan moves none')
  t.strictSame(await run('/sync', { lfs: 'new' }), { bytes: 3000, present: 0, moved: 2, missing: 0 })
  const [gone] = await commit(randomBytes(500))
  from.objects.delete(gone?.oid ?? '')
  const all = { lfs: 'all', bestEffort: true } as const
  t.strictSame(await run('/sync', all), { bytes: 3000, present: 2, moved: 2, missing: 1 })

  const spans = exporter.getFinishedSpans().filter(({ name }) => name === 'lfs')
  t.strictSame(
    spans.map(({ attributes }) => attributes),
    [
      { 'gitsync.lfs.pointers': 2, 'gitsync.lfs.moved': 0, 'gitsync.lfs.bytes': 0 },
      { 'gitsync.lfs.pointers': 2, 'gitsync.lfs.moved': 2, 'gitsync.lfs.bytes': 3000 },
      { 'gitsync.lfs.pointers': 3, 'gitsync.lfs.moved': 0, 'gitsync.lfs.bytes': 0 },
    ],
  )
})
