import t from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { captureLog, DOCUMENT, problemOf, STREAM, serveApp } from '../../testing/processes/served-app.js'

interface Line {
  msg: string
  [key: string]: unknown
}

const runLines = (lines: string[]) =>
  lines.map((line) => JSON.parse(line) as Line).filter(({ msg }) => /^run /.test(msg))

/** A metric's value, by the labels that it was asked for with, in their order. */
const metricIn = (text: string, sample: string) => {
  const line = text.split('\n').find((line) => line.startsWith(`${sample} `))
  return line === undefined ? undefined : Number(line.slice(sample.length + 1))
}

t.test('a run is two lines of the log, and counted', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const { lines, logger } = captureLog()
  const { url, post } = await serveApp(t, { client, logger })

  for (const path of ['/sync', '/plan', '/probe']) {
    const body = path === '/probe' ? { source: request().source } : request()
    t.equal((await (await post(path, body, DOCUMENT)).text()).length > 0, true)
  }

  const [started, ended, ...others] = runLines(lines)
  const subject = {
    operation: 'sync',
    caller: '127.0.0.1',
    source: source.url,
    target: target.url,
    level: 30,
  }
  t.match(started, { ...subject, msg: 'run started', reqId: /^[\w-]{36}$/ })
  t.match(ended, {
    ...subject,
    msg: 'run ended',
    reqId: started?.reqId,
    outcome: 'ok',
    transferMode: 'bootstrap',
    durationMs: Number,
    bytes: { source: Number, target: Number },
    counts: { applied: 1, skipped: 0, blocked: 0, deleted: 0, warned: 0 },
  })
  const { bytes } = ended as unknown as { bytes: { source: number; target: number } }
  t.ok(bytes.source > 300 && bytes.target > 300, JSON.stringify(bytes))
  t.strictSame(
    others.map(({ msg, operation }) => `${operation} ${msg}`),
    ['plan run started', 'plan run ended', 'probe run started', 'probe run ended'],
  )

  const response = await fetch(`${url}/metrics`)
  t.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  const run = (operation: string, mode: string) =>
    metricIn(text, `gitsync_runs_total{operation="${operation}",outcome="ok",transfer_mode="${mode}"}`)
  t.strictSame([run('sync', 'bootstrap'), run('plan', 'none'), run('probe', '')], [1, 1, 1])
  t.equal(metricIn(text, 'gitsync_run_duration_seconds_count{operation="sync"}'), 1)
  t.ok(Number(metricIn(text, 'gitsync_remote_bytes_total{side="target"}')) > bytes.target)
  t.equal(metricIn(text, 'gitsync_runs_active'), 0)
  t.ok(Number(metricIn(text, 'process_resident_memory_bytes')) > 0)
  t.match(text, /^nodejs_eventloop_lag_p99_seconds /m)
})

t.test('a run that fails says how, and what had passed until then', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await target.commit('main', { message: 'theirs\n' })
  const { lines, logger } = captureLog()
  const { url, post } = await serveApp(t, { client, logger })
  t.equal((await post('/sync', request(), STREAM)).status, 409)
  target.server.intercept = (_request, response) => void response.writeHead(500).end()
  t.equal((await post('/sync', request(), STREAM)).status, 502)

  const [blocked, unavailable] = runLines(lines).filter(({ msg }) => msg === 'run ended')
  t.match(blocked, { outcome: 'blocked_refs', counts: { blocked: 1 }, bytes: { target: /^[1-9]/ } })
  t.match(unavailable, { outcome: 'target_unavailable', bytes: { target: 0 } })
  t.notOk('counts' in (unavailable ?? {}), 'nothing was planned')
  const text = await (await fetch(`${url}/metrics`)).text()
  const run = (outcome: string, mode: string) =>
    metricIn(text, `gitsync_runs_total{operation="sync",outcome="${outcome}",transfer_mode="${mode}"}`)
  t.strictSame([run('blocked_refs', 'none'), run('target_unavailable', '')], [1, 1])
})

t.test('refusals are counted by code, and not as runs', async (t) => {
  const { url, post } = await serveApp(t)
  const before = await (await fetch(`${url}/metrics`)).text()
  for (const code of ['overloaded', 'rate_limited', 'unauthorized', 'egress_denied', 'shutting_down'])
    t.equal(metricIn(before, `gitsync_refusals_total{code="${code}"}`), 0, 'there from the beginning')
  t.match(await problemOf(await post('/sync', {})), { code: 'invalid_request' })
  const after = await (await fetch(`${url}/metrics`)).text()
  t.notMatch(after, /^gitsync_runs_total\{/m)
})

t.test('a refusal counts once, whether reported as a status or at the end of a stream', async (t) => {
  const { app, url, post } = await serveApp(t)
  await app.runs.drain(0)
  const body = { source: { url: 'http://127.0.0.1:1/a' }, target: { url: 'http://127.0.0.1:1/b' } }
  for (const accept of [STREAM, DOCUMENT]) t.equal((await post('/sync', body, accept)).status, 503)
  const text = await (await fetch(`${url}/metrics`)).text()
  t.equal(metricIn(text, 'gitsync_refusals_total{code="shutting_down"}'), 2)
})

t.test('two applications in one process do not count together', async (t) => {
  const [one, other] = await Promise.all([serveApp(t), serveApp(t)])
  await one.app.runs.drain(0)
  await one.post('/plan', { source: { url: 'http://a.example/a' }, target: { url: 'http://a.example/b' } })
  const counts = [one, other].map(async ({ url }) => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return metricIn(text, 'gitsync_refusals_total{code="shutting_down"}')
  })
  t.strictSame(await Promise.all(counts), [1, 0])
})
