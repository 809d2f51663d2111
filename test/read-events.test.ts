import fc from 'fast-check'
import t from 'tap'
import { type Event, GitSyncError, readEvents } from '../src/index.js'
import { probeResult, problem, syncResult } from '../testing/cases/sample-responses.js'
import { stage } from '../testing/cases/stage.js'
import { bodyOf } from '../testing/cases/sync-body.js'
import { chunkSizes, streamOf } from '../testing/packets/chunks.js'
import { fakeClient, serveApp } from '../testing/processes/served-app.js'
import { holds } from '../testing/property.js'

const events: Event[] = [
  { type: 'started', operation: 'sync', requestId: '1', time: '2026-11-22T06:00:00.000Z' },
  { type: 'remote', side: 'source', text: 'Größe: 3 €, 💾\u2028\r\n' },
  { type: 'heartbeat' },
  { type: 'result', result: syncResult },
]
const text = (lines: readonly unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

async function collect(response: Parameters<typeof readEvents>[0]): Promise<Event[]> {
  const found: Event[] = []
  for await (const event of readEvents(response)) found.push(event)
  return found
}

t.test('events are the same however the bytes are chunked', async (t) => {
  const bytes = Buffer.from(text(events))
  await holds(
    t,
    fc.asyncProperty(chunkSizes, async (sizes) => {
      t.strictSame(await collect(streamOf(bytes, sizes)), events)
    }),
    { numRuns: 50 },
  )
  t.strictSame(await collect(streamOf(bytes, [1])), events, 'byte by byte')
})

t.test('a stream that is truncated anywhere ends with an error', async (t) => {
  const bytes = Buffer.from(text(events))
  const lastLine = bytes.lastIndexOf('{"type":"result"')
  for (const end of [0, 1, 20, lastLine - 1, lastLine, lastLine + 1, bytes.length - 2]) {
    await t.rejects(collect(streamOf(bytes.subarray(0, end))), { message: /truncated/ }, `at ${end}`)
  }
  t.strictSame(await collect(streamOf(bytes.subarray(0, -1))), events, 'the last end of line may be missing')
})

t.test('a result or an error ends a stream', async (t) => {
  for (const last of [
    { type: 'error', error: problem },
    { type: 'result', result: probeResult },
  ]) {
    t.strictSame(await collect(streamOf(Buffer.from(text([last])))), [last])
  }
})

t.test('the time for a long line in many pieces is linear in its length', async (t) => {
  const refs = Array.from({ length: 20_000 }, () => syncResult.refs[0])
  const bytes = Buffer.from(text([{ type: 'result', result: { ...syncResult, refs } }]))
  const begin = performance.now()
  await collect(streamOf(bytes, [1024]))
  const whole = performance.now()
  await collect(streamOf(bytes))
  const ratio = (whole - begin) / (performance.now() - whole)
  t.ok(ratio < 20, `${ratio.toFixed(1)} times as long as in one piece`)
})

t.test('a real sync is read from the service', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const { post } = await serveApp(t, { client })
  const found = await collect(await post('/sync', request()))
  t.equal(found[0]?.type, 'started')
  t.match(found.at(-1), { type: 'result', result: { counts: { applied: 1 } } })
  t.equal(await target.head('main'), await source.head('main'))
})

t.test('a problem is the error that the library would have thrown', async (t) => {
  const known = { retryable: true, retryAfter: 7, refs: [{ ref: 'refs/heads/main', reason: 'moved' }] }
  const thrown = new GitSyncError('target_ref_moved', 'Try again.', { ...known, result: syncResult })
  const { post } = await serveApp(t, { client: fakeClient(() => Promise.reject(thrown)) })
  const error = await collect(await post('/sync', bodyOf())).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  t.type(error, GitSyncError)
  t.match(error, { code: 'target_ref_moved', message: 'Try again.', ...known, result: syncResult })
})

t.test('a problem of a later version keeps its code', async (t) => {
  const body = JSON.stringify({ ...problem, code: 'not_yet_known', retryable: true })
  const response = new Response(body, {
    status: 409,
    headers: { 'content-type': 'application/problem+json' },
  })
  await t.rejects(collect(response), { name: 'GitSyncError', code: 'not_yet_known', retryable: true })
})

t.test('a response that is not from the service is reported as such', async (t) => {
  const html = { headers: { 'content-type': 'text/html' } }
  await t.rejects(collect(new Response('<p>', { status: 502, ...html })), { message: /Unexpected HTTP 502/ })
  const foreign = { status: 503, headers: { 'content-type': 'application/problem+json' } }
  for (const body of ['{"title":"of a gateway"}', 'no JSON', 'null'])
    await t.rejects(collect(new Response(body, foreign)), { message: /Unexpected HTTP 503/ }, body)
  await t.rejects(collect(Response.json({})), { message: /Accept: application\/x-ndjson/ })
  await t.rejects(collect(streamOf(Buffer.from('null\n'))), { message: /not an event/ })
})

t.test('leaving the loop cancels the run', async (t) => {
  let ended: ((reason: unknown) => void) | undefined
  const cancelled = new Promise((resolve) => (ended = resolve))
  const client = fakeClient(
    ({ signal, onEvent }) =>
      new Promise((_, reject) => {
        onEvent({ type: 'planned', create: 0, update: 0, delete: 0, skip: 0, block: 0, transferMode: 'none' })
        onEvent({ type: 'notice', text: 'it goes on and on' })
        signal.addEventListener('abort', () => {
          ended?.('cancelled')
          reject(signal.reason)
        })
      }),
  )
  const { post } = await serveApp(t, { client })
  for await (const event of readEvents(await post('/sync', bodyOf()))) {
    if (event.type === 'notice') break
  }
  t.equal(await cancelled, 'cancelled')
})
