import { SpanKind } from '@opentelemetry/api'
import { tracing } from '@opentelemetry/sdk-node'
import t from 'tap'
import { startTracing } from '../../src/service/tracing.js'

// Tracing comes before Fastify is loaded, and so before all that imports it.
const exporter = new tracing.InMemorySpanExporter()
const spanProcessors = [new tracing.SimpleSpanProcessor(exporter)]
const stop = await startTracing(
  { OTEL_TRACES_EXPORTER: 'otlp' },
  { spanProcessors, autoDetectResources: false },
)
t.teardown(stop)
type ReadableSpan = tracing.ReadableSpan
const { DOCUMENT, serveApp } = await import('../../testing/processes/served-app.js')
const { stage } = await import('../../testing/cases/stage.js')

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const SECRET = 'S3cret-of-the-caller'

const isRequest = ({ kind }: ReadableSpan) => kind === SpanKind.SERVER
/** Without the requests to the git servers, which are in this process too. */
const ownSpans = () =>
  exporter
    .getFinishedSpans()
    .filter((span) => !isRequest(span) || !/git/.test(String(span.attributes['http.target'])))

/** The spans of one trace, when the request's own has ended, which is the last. */
async function spansOf(traceId: string) {
  const find = () => ownSpans().filter((span) => span.spanContext().traceId === traceId)
  while (!find().some(isRequest)) await new Promise((resolve) => setImmediate(resolve))
  return find()
}

/** Each span's name after those of the spans that it is in. */
function pathsOf(spans: ReadableSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]))
  const pathOf = (span: ReadableSpan): string => {
    const parent = byId.get(span.parentSpanContext?.spanId ?? '')
    return parent ? `${pathOf(parent)} > ${span.name}` : span.name
  }
  return spans.map(pathOf)
}

t.test('a run is one trace, which the caller began and the remotes receive', async (t) => {
  const { source, target, client, request } = await stage(t, {
    source: { auth: { bearer: SECRET } },
    target: { auth: { username: 'robot', password: SECRET } },
  })
  const first = await source.commit('main')
  await target.setRefs({})
  const { url } = await serveApp(t, { client })
  const auth = { source: { bearerToken: SECRET }, target: { username: 'robot', token: SECRET } }
  const post = (body: unknown, spanId = SPAN) =>
    fetch(`${url}/sync?access_token=${SECRET}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: DOCUMENT,
        authorization: `Bearer ${SECRET}`,
        traceparent: `00-${TRACE}-${spanId}-01`,
      },
      body: JSON.stringify(body),
    })
  t.equal((await post(request({ auth }))).status, 200)
  await source.commit('main')
  await spansOf(TRACE)
  exporter.reset()
  source.server.resetRequests()
  target.server.resetRequests()
  t.equal((await post(request({ auth }))).status, 200, first)

  const spans = await spansOf(TRACE)
  const paths = pathsOf(spans)
  const root = spans.find(isRequest)
  t.equal(root?.parentSpanContext?.spanId, SPAN, "the caller's span is the parent")
  t.match(root?.attributes, { 'http.route': '/sync', 'http.target': '/sync' })
  t.ok(
    paths.some((path) => /> request handler - /.test(path)),
    "Fastify's instrumentation is at work",
  )
  const own = paths
    .filter((path) => / > sync\b/.test(path))
    .map((path) => path.replace(/^.* > sync\b/, 'sync'))
  t.strictSame(own.sort(), [
    'sync',
    'sync > discover source',
    'sync > discover target',
    'sync > fetch',
    'sync > fetch > push',
    'sync > prove',
  ])
  t.match(spans.find(({ name }) => name === 'sync')?.attributes, {
    'gitsync.source': source.url,
    'gitsync.target': target.url,
  })

  const spanOf = (header: unknown) => {
    const [, traceId, spanId] = String(header).split('-')
    const span = spans.find((span) => span.spanContext().spanId === spanId)
    return traceId === TRACE ? span?.name : undefined
  }
  const parentsOf = (requests: typeof source.requests) =>
    requests.map(({ headers }) => spanOf(headers.traceparent))
  t.strictSame(parentsOf(source.requests), ['discover source', 'discover source', 'prove', 'fetch'])
  t.strictSame(parentsOf(target.requests), ['discover target', 'push'])

  const everything = textOf(spans)
  t.ok(source.requests.some(({ headers }) => headers.authorization === `Bearer ${SECRET}`))
  for (const form of [SECRET, Buffer.from(`robot:${SECRET}`).toString('base64'), 'access_token'])
    t.notMatch(everything, form)
})

t.test("remotes receive the trace, but not the caller's baggage", async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const { url } = await serveApp(t, { client })
  const response = await fetch(`${url}/sync`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: DOCUMENT,
      traceparent: `00-${TRACE}-${SPAN}-01`,
      tracestate: 'vendor=customer-4711',
      baggage: 'customer=4711,user=grace%40example.com',
    },
    body: JSON.stringify(request()),
  })
  t.equal(response.status, 200, await response.text())
  const requests = [...source.requests, ...target.requests]
  t.ok(requests.length >= 5)
  for (const { headers } of requests) {
    t.match(headers.traceparent, new RegExp(`^00-${TRACE}-`))
    // Words that no hexadecimal id can hold by chance.
    t.notMatch(JSON.stringify(headers), /customer|vendor|grace|baggage|tracestate/)
  }
})

t.test('of an error the span keeps the code', async (t) => {
  const { source, client, request } = await stage(t, {
    target: {
      handle: () => ({
        type: 'respond',
        status: 403,
        headers: { 'content-type': 'text/plain' },
        body: `you said ${SECRET}`,
      }),
    },
  })
  await source.commit('main')
  const { post } = await serveApp(t, { client })
  exporter.reset()
  const auth = { target: { token: SECRET } }
  t.equal((await post('/sync', request({ auth }), DOCUMENT)).status, 502)
  const failed = exporter.getFinishedSpans().filter(({ name }) => /^(sync|discover target)$/.test(name))
  t.equal(failed.length, 2)
  for (const { attributes, status, events } of failed) {
    t.match(attributes, { 'error.type': 'target_unauthorized' })
    t.match(status, { code: 2, message: undefined })
    t.strictSame(events, [])
  }
  t.notMatch(textOf(exporter.getFinishedSpans()), SECRET)
})

t.test('what machines ask is not traced', async (t) => {
  const { url } = await serveApp(t)
  exporter.reset()
  for (const path of ['/healthz', '/readyz', '/metrics']) await (await fetch(url + path)).text()
  await (await fetch(`${url}/openapi.json`)).text()
  while (!ownSpans().some(isRequest)) await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(
    ownSpans()
      .filter(isRequest)
      .map(({ attributes }) => attributes['http.target']),
    ['/openapi.json'],
  )
})

/** All that is exported of them. */
function textOf(spans: ReadableSpan[]): string {
  const exported = ({ name, attributes, events, status, resource }: ReadableSpan) => {
    return { name, attributes, events, status, resource: resource.attributes }
  }
  return JSON.stringify(spans.map(exported))
}
