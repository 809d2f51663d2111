import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import t from 'tap'
import type { Event } from '../../schemas/event.js'
import { heldRuns } from '../../testing/processes/pending-runs.js'
import {
  captureLog,
  DOCUMENT,
  eventsOf,
  problemOf,
  STREAM,
  serveApp,
} from '../../testing/processes/served-app.js'

/** A run from its own source into a target that may be shared. */
const run = (name: string, target = `to-${name}`) => ({
  source: { url: `http://127.0.0.1:1/${name}` },
  target: { url: `http://127.0.0.1:1/${target}` },
})
const planned = { type: 'planned', create: 1, update: 0, delete: 0, skip: 0, block: 0 } as const
const typesOf = (events: Event[]) => events.map((event) => (event.type === 'queued' ? event : event.type))

t.test('a run that waits for a slot says so in its stream', async (t) => {
  const { client, running, begun } = heldRuns()
  const { post } = await serveApp(t, { client, maxConcurrent: 1 })
  const first = post('/sync', run('a'), STREAM)
  await begun(1)
  const second = post('/sync', run('b'), STREAM)
  const third = post('/probe', { source: run('c').source }, STREAM)
  await t.resolveMatch(waits(post), 2, 'both wait')
  running[0]?.end()
  ;(await begun(2))[1]?.end()
  ;(await begun(3))[2]?.end()
  t.strictSame(typesOf(await eventsOf(await first)), ['started', 'result'])
  t.strictSame(typesOf(await eventsOf(await second)), [
    'started',
    { type: 'queued', position: 1, for: 'slot' },
    'result',
  ])
  t.strictSame(typesOf(await eventsOf(await third)), [
    'started',
    { type: 'queued', position: 2, for: 'slot' },
    { type: 'queued', position: 1, for: 'slot' },
    'result',
  ])
})

/** How many wait, when two do. */
async function waits(post: (path: string, body: unknown) => Promise<Response>): Promise<number> {
  for (;;) {
    const { url } = await post('/nowhere', {})
    const text = await (await fetch(new URL('/metrics', url))).text()
    const waiting = [...text.matchAll(/^gitsync_runs_queued\{.*\} (\d+)$/gm)]
    const sum = waiting.reduce((total, [, count]) => total + Number(count), 0)
    if (sum === 2) return sum
  }
}

t.test('two runs into one target do not interleave, whatever its URL looks like', async (t) => {
  const { client, running, begun } = heldRuns()
  const { post } = await serveApp(t, { client })
  const url = (target: string) => ({ ...run('s'), target: { url: target } })
  const answers = [
    post('/sync', url('http://EXAMPLE.org:80/x'), STREAM),
    post('/plan', url('http://example.org/x'), STREAM),
    post('/replicate', url('http://example.org/x/'), STREAM),
  ]
  await begun(2)
  const other = post('/sync', url('http://example.org/y'), STREAM)
  await begun(3)
  t.equal(running.length, 3, 'the plan and another target have not waited')
  for (const held of running.slice()) held.end()
  ;(await begun(4))[3]?.end()
  const types = await Promise.all(
    [...answers, other].map(async (answer) => typesOf(await eventsOf(await answer))),
  )
  const waited = types.filter((all) => all.length === 3)
  t.strictSame(waited, [['started', { type: 'queued', position: 1, for: 'target' }, 'result']])
})

t.test('a request that does not fit is refused at once, a full queue notwithstanding', async (t) => {
  const { client, begun } = heldRuns()
  const { post } = await serveApp(t, { client, maxConcurrent: 1, maxQueued: 0 })
  void post('/sync', run('a'), STREAM).catch(() => {})
  await begun(1)
  for (const [path, body] of Object.entries({
    '/sync': { ...run('b'), misspelled: true },
    '/probe': run('b').source,
    '/plan': { ...run('b'), source: run('b').target },
    '/replicate': { ...run('b'), policy: { mode: 'sync', force: true } },
  })) {
    t.match(await problemOf(await post(path, body)), { code: 'invalid_request', status: 400 }, path)
  }
  for (const accept of [STREAM, DOCUMENT]) {
    const response = await post('/sync', run('b'), accept)
    t.match([response.status, response.headers.get('retry-after')], [503, /^\d+$/])
    t.match(await problemOf(response), { code: 'overloaded', retryable: true })
  }
})

t.test('a caller that disconnects leaves the queue', async (t) => {
  const { client, running, begun } = heldRuns()
  const { lines, logger } = captureLog()
  const { url, post } = await serveApp(t, { client, logger, maxConcurrent: 1 })
  const first = post('/sync', run('a'), STREAM)
  await begun(1)
  const headers = { 'content-type': 'application/json', accept: STREAM }
  const second = httpRequest(`${url}/sync`, { method: 'POST', headers, agent: false }).on('error', () => {})
  second.end(JSON.stringify(run('b')))
  const metrics = async () => (await fetch(`${url}/metrics`)).text()
  while (!(await metrics()).includes('gitsync_runs_queued{for="slot"} 1'));
  second.destroy()
  while (!(await metrics()).includes('gitsync_runs_queued{for="slot"} 0'));
  running[0]?.end()
  await (await first).text()
  t.equal(running.length, 1, 'it never began')
  const line = lines.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'run not started')
  t.match(line, { outcome: 'cancelled', operation: 'sync', source: run('b').source.url })
})

t.test('a run that takes too long ends, and its time in the queue does not count', async (t) => {
  const { client, running, begun } = heldRuns()
  const { post } = await serveApp(t, { client, maxConcurrent: 1, runTimeout: 200 })
  const first = post('/sync', run('a'), STREAM)
  await begun(1)
  const second = await post('/sync', run('b'), DOCUMENT)
  t.match(await problemOf(await first), { code: 'deadline_exceeded', status: 504, retryable: true })
  t.match(await problemOf(second), { code: 'deadline_exceeded' })
  t.strictSame(
    running.map(({ name, signal }) => [name, (signal.reason as Error).name]),
    [
      ['a', 'TimeoutError'],
      ['b', 'TimeoutError'],
    ],
    'the second began although the time of the first was its own waiting time',
  )
})

t.test('shutdown: waiting runs are refused, active ones have the grace and are then ended', async (t) => {
  const { client, running, begun } = heldRuns()
  const { app, url, post } = await serveApp(t, { client, maxConcurrent: 2 })
  const answers = [post('/sync', run('a'), STREAM), post('/sync', run('b'), STREAM)]
  const [quick, slow] = await begun(2)
  quick?.tell({ ...planned, transferMode: 'none' })
  slow?.tell({ ...planned, transferMode: 'none' })
  for (const held of [quick, slow]) held?.tell({ type: 'notice', text: 'so that the response begins' })
  const [first, second] = await Promise.all(answers)
  const third = post('/sync', run('c'), STREAM)
  while (!(await (await fetch(`${url}/metrics`)).text()).includes('gitsync_runs_queued{for="slot"} 1'));

  const drained = app.runs.drain(300)

  const waiting = await third
  t.match([waiting.status, waiting.headers.get('retry-after')], [503, /^\d+$/])
  t.match(await problemOf(waiting), { code: 'shutting_down', retryable: true })
  for (const response of [await post('/plan', run('d')), await fetch(`${url}/readyz`)]) {
    t.equal(response.status, 503)
    t.ok(response.headers.get('retry-after'))
    t.match(await problemOf(response), { code: 'shutting_down' })
  }
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  quick?.end()
  t.match((await eventsOf(first as Response)).at(-1), { type: 'result' }, 'in time')
  const last = (await eventsOf(second as Response)).at(-1)
  t.match(last, { type: 'error', error: { code: 'shutting_down', retryable: true } })
  await drained
  t.equal(running.length, 2)
})

t.test(
  'a run that waits for more than 5 seconds has its stream, and its failure is the last line',
  async (t) => {
    const { client, begun } = heldRuns()
    const { app, url, post } = await serveApp(t, { client, maxConcurrent: 1 })
    void post('/sync', run('a'), STREAM).catch(() => {})
    await begun(1)
    const response = await post('/sync', run('b'), STREAM)
    t.equal(response.status, 200, 'although nothing of it has begun')
    const lines = createInterface(Readable.fromWeb(response.body as never))[Symbol.asyncIterator]()
    const next = async () => JSON.parse((await lines.next()).value as string) as Event
    t.match(await next(), { type: 'started' })
    t.match(await next(), { type: 'queued', position: 1, for: 'slot' })
    void app.runs.drain(0)
    t.match(await next(), { type: 'error', error: { code: 'shutting_down', status: 503 } })
    t.equal((await fetch(`${url}/healthz`)).status, 200)
  },
)

t.test('a connection that is kept alive does not hold up a service that goes down', async (t) => {
  const { client, begun } = heldRuns()
  const { app, url } = await serveApp(t, { client })
  const { Agent } = await import('node:http')
  const agent = new Agent({ keepAlive: true })
  const headers = { 'content-type': 'application/json', accept: STREAM }
  const call = httpRequest(`${url}/sync`, { method: 'POST', headers, agent })
  call.end(JSON.stringify(run('a')))
  const [held] = await begun(1)
  const drained = app.runs.drain(60_000)
  const closed = app.close()
  held?.end()
  const [response] = await once(call, 'response')
  await response.resume().toArray()
  await Promise.all([drained, closed])
  t.pass('it has ended by itself')
  agent.destroy()
})
