import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import type { Event } from '../../schemas/event.js'
import type { Client, RunEvent, SyncRequest } from '../../src/index.js'
import { plannedEvent } from '../../testing/cases/sample-events.js'
import { stage } from '../../testing/cases/stage.js'
import { bodyOf } from '../../testing/cases/sync-body.js'
import { mapPackets } from '../../testing/faults/response-faults.js'
import { band } from '../../testing/packets/wire.js'
import { eventsIn, fakeClient, type ServedApp, STREAM, serveApp } from '../../testing/processes/served-app.js'

/** A caller that sends its request and reads nothing until asked to. */
function callWithoutReading({ app }: ServedApp, body: unknown) {
  const text = JSON.stringify(body)
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1').pause()
  const headers = `Host: localhost\r\nAccept: ${STREAM}\r\nContent-Type: application/json\r\nConnection: close`
  socket.write(`POST /sync HTTP/1.1\r\n${headers}\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
  const readAll = async (): Promise<Event[]> => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(socket.resume(), 'end')
    return eventsIn(withoutChunks(Buffer.concat(chunks)).toString())
  }
  return { socket, readAll }
}

/** The body of a chunked response. */
function withoutChunks(answer: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = answer.indexOf('\r\n\r\n') + 4; ; ) {
    const start = answer.indexOf('\r\n', at) + 2
    const size = Number.parseInt(answer.toString('latin1', at, start), 16)
    if (size === 0) return Buffer.concat(parts)
    parts.push(answer.subarray(start, start + size))
    at = start + size + 2
  }
}

/** A client that counts the events of its run, and resolves `ended` when it is over. */
function watched(client: Client) {
  const emitted = { remote: 0, other: 0 }
  let over = () => {}
  const ended = new Promise<void>((resolve) => {
    over = resolve
  })
  const sync: Client['sync'] = (request, options = {}) => {
    const onEvent = (event: RunEvent) => {
      if (event.type === 'remote') emitted.remote++
      else if (event.type !== 'progress') emitted.other++
      options.onEvent?.(event)
    }
    return client.sync(request, { ...options, onEvent }).finally(over)
  }
  return { client: { sync } as Client, emitted, ended }
}

const LINES = 100
const noise = Buffer.concat(Array(LINES).fill(band(2, `${'so much to say '.repeat(60)}\n`)))
/** A source that says much more than it sends. */
const talkative = () =>
  mapPackets(({ raw, payload }) => (payload?.[0] === 1 ? Buffer.concat([noise, raw]) : raw))

t.test('a caller that reads nothing does not block the relay, and loses only remote lines', async (t) => {
  const { source, target, client, request } = await stage(t, {
    source: {
      handle: ({ kind, index }) =>
        kind === 'call' && index === 1 ? { type: 'rewrite', transform: talkative() } : undefined,
    },
  })
  await source.bigHistory({ commits: 12, bytesPerCommit: 1_000_000 })
  const run = watched(client)
  const served = await serveApp(t, { client: run.client })

  const { readAll } = callWithoutReading(served, request() satisfies SyncRequest)
  await run.ended
  t.strictSame(await target.soundRefs(), await source.refs(), 'the run is over, and nothing was read yet')

  const events = await readAll()
  const remote = events.filter(({ type }) => type === 'remote').length
  const others = events.filter(({ type }) => !['started', 'remote', 'progress'].includes(type))
  t.ok(run.emitted.remote > 1_000, `the source said ${run.emitted.remote} lines`)
  t.ok(remote > 0 && remote <= run.emitted.remote, `${remote} of them were kept`)
  t.equal(others.length, run.emitted.other + 1, 'of the other events none is lost')
  t.match(events.at(-1), { type: 'result', result: { counts: { applied: 1 } } })
  t.equal(events.filter(({ type }) => type === 'result' || type === 'error').length, 1)
})

t.test('the lines that wait for a caller that reads nothing do not grow', async (t) => {
  const line = 'x'.repeat(1000)
  let over = () => {}
  const ended = new Promise<void>((resolve) => {
    over = resolve
  })
  const client = fakeClient(async ({ onEvent }) => {
    onEvent(plannedEvent)
    onEvent({ type: 'notice', text: 'the status line goes out' })
    for (let sent = 0; sent < 100_000; sent++) {
      onEvent({ type: 'remote', side: 'source', text: line })
      // Whatever can flow on may do so.
      if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    setImmediate(over)
    return { counts: { applied: 1 } }
  })
  const served = await serveApp(t, { client })
  const { socket, readAll } = callWithoutReading(served, bodyOf())
  await ended
  const events = await readAll()
  // Of 100 MB: a quarter of a MiB of ours, and what the system's socket buffers hold, a few MB as a rule.
  t.ok(socket.bytesRead < 40_000_000, `${socket.bytesRead} bytes had been kept`)
  t.strictSame(
    [...new Set(events.map(({ type }) => type))],
    ['started', 'planned', 'notice', 'remote', 'result'],
  )
})
