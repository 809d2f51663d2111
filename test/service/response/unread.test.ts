import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { bodyOf } from '../../../testing/cases/sync-body.js'
import {
  captureLog,
  DOCUMENT,
  fakeClient,
  type ServedApp,
  STREAM,
  serveApp,
} from '../../../testing/processes/served-app.js'

/** Some 20 MB of JSON: more than the system's socket buffers hold. */
const RESULT = {
  counts: {},
  execution: {},
  refs: Array.from({ length: 50_000 }, (_, at) => ({ targetRef: `refs/heads/${at}-${'x'.repeat(380)}` })),
}

/** Sends a request for each body, at once, and reads only when it is asked to. */
function open({ app }: ServedApp, accept: string, bodies = [bodyOf()]): Socket {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1').pause()
  socket.on('error', () => {})
  for (const body of bodies.map((value) => JSON.stringify(value))) {
    const head = `POST /sync HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\nContent-Type: application/json`
    socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  }
  return socket
}

async function held(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^gitsync_memory_held_bytes (\d+)/m.exec(text)?.[1])
}

/** A client whose results are large and account for their memory. */
const large = () =>
  fakeClient(async ({ memory, signal }) => {
    await memory.hold('refs', 20_000_000, signal)
    return RESULT
  })

for (const accept of [DOCUMENT, STREAM]) {
  t.test(`a caller that reads nothing of its ${accept} loses it, and its memory comes back`, async (t) => {
    const { lines, logger } = captureLog()
    const served = await serveApp(t, { client: large(), logger, sendTimeout: 200 })
    const sockets = Array.from({ length: 5 }, () => open(served, accept))
    const logged = (words: string) => lines.filter((line) => line.includes(words)).length
    while (logged('not read in time') < 5) await sleep(20)
    t.equal(logged('"outcome":"ok"'), 5, 'the runs themselves went well')
    t.equal(await held(served.url), 0)
    await Promise.all(sockets.map((socket) => once(socket.resume(), 'close')))
    for (const socket of sockets) t.ok(socket.bytesRead < 15_000_000, 'it was not all sent')
  })
}

t.test('a byte now and then is not enough', async (t) => {
  const { lines, logger } = captureLog()
  const served = await serveApp(t, { client: large(), logger, sendTimeout: 300 })
  const socket = open(served, DOCUMENT)
  const closed = once(socket, 'close')
  const timer = setInterval(() => socket.read(1), 20)
  t.teardown(() => clearInterval(timer))
  while (!lines.some((line) => line.includes('not read in time'))) await sleep(20)
  clearInterval(timer)
  socket.resume()
  await closed
  t.ok(socket.bytesRead < 15_000_000)
})

t.test('a slow reader gets everything, although it needs many times as long', async (t) => {
  const served = await serveApp(t, { client: large(), sendTimeout: 400 })
  const socket = open(served, DOCUMENT)
  let [read, pauses, tail] = [0, 0, '']
  socket.on('data', async (chunk: Buffer) => {
    read += chunk.length
    tail = (tail + chunk.toString('latin1')).slice(-5)
    if (tail.endsWith('0\r\n\r\n')) socket.destroy()
    if (read / 2_000_000 <= pauses) return
    pauses++
    socket.pause()
    await sleep(100)
    socket.resume()
  })
  await once(socket.resume(), 'close')
  t.ok(read > 20_000_000)
  t.equal(tail, '0\r\n\r\n')
})

t.test('a stream is not closed while its run is silent', async (t) => {
  let finish = () => {}
  const client = fakeClient(({ onEvent }) => {
    onEvent({ type: 'planned', create: 0, update: 0, delete: 0, skip: 0, block: 0, transferMode: 'none' })
    onEvent({ type: 'notice', text: 'so the stream begins' })
    return new Promise((resolve) => {
      finish = () => resolve({ counts: {}, execution: {}, refs: [] })
    })
  })
  const served = await serveApp(t, { client, sendTimeout: 50 })
  const socket = open(served, STREAM)
  await once(socket, 'readable')
  await sleep(300)
  finish()
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    if (text.includes('"result"')) break
  }
  t.match(text, /"type":"result"/)
})

t.test('a result behind a longer run on its connection is not kept for ever', async (t) => {
  const client = fakeClient(async (options, request) => {
    if (request.policy?.prune !== true) return large().sync(request, options)
    return new Promise((_, reject) => {
      options.signal.addEventListener('abort', () => reject(options.signal.reason), { once: true })
    })
  })
  const served = await serveApp(t, { client, sendTimeout: 200 })
  const longer = bodyOf({ policy: { prune: true }, target: { url: 'http://127.0.0.1:1/longer.git' } })
  const socket = open(served, DOCUMENT, [longer, bodyOf()])
  while ((await held(served.url)) < 20_000_000);
  await once(socket.resume(), 'close')
  while ((await held(served.url)) > 0);
  t.equal(socket.bytesRead, 0, 'both have ended')
})
