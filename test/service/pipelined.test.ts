import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { bodyOf } from '../../testing/cases/sync-body.js'
import { heldRuns } from '../../testing/processes/pending-runs.js'
import { DOCUMENT, STREAM, serveApp } from '../../testing/processes/served-app.js'

/** Requests on one connection, each sent without waiting for the response to the one before. */
function pipelined(count: number, accept: string): string {
  const requests = Array.from({ length: count }, (_, number) => {
    const body = JSON.stringify(bodyOf({ target: { url: `http://127.0.0.1:1/${number}.git` } }))
    const head = `POST /sync HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\nContent-Type: application/json`
    return `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  })
  return requests.join('')
}

for (const accept of [DOCUMENT, STREAM]) {
  t.test(`pipelined runs end when their connection does (${accept})`, async (t) => {
    const { client, running, begun } = heldRuns()
    const { app, url } = await serveApp(t, { client, maxConcurrent: 16 })
    const load = async () => {
      const text = await (await fetch(`${url}/metrics`)).text()
      return [...text.matchAll(/^gitsync_runs_(?:active|queued\{.*\}) (\d+)$/gm)].map(([, count]) => count)
    }
    const warnings: Error[] = []
    const warned = (warning: Error) => warnings.push(warning)
    process.on('warning', warned)
    t.teardown(() => process.off('warning', warned))
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(pipelined(90, accept))
    await begun(16)
    while ((await load()).join() !== '16,64,0');

    socket.destroy()

    await Promise.all(running.map(({ signal }) => signal.aborted || once(signal, 'abort')))
    while ((await load()).join() !== '0,0,0');
    t.equal(running.length, 16, 'none of those that waited has begun')
    t.strictSame(warnings, [])
  })
}

t.test('a pipelined run continues while the response to another is sent', async (t) => {
  const { client, running, begun } = heldRuns()
  const { app } = await serveApp(t, { client })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(pipelined(2, DOCUMENT))
  await begun(2)
  running[0]?.end()
  const [first] = (await once(socket, 'data')) as [Buffer]
  t.match(first.toString(), /^HTTP\/1\.1 200 /)
  t.equal(running[1]?.signal.aborted, false)
  running[1]?.end()
  const [second] = (await once(socket, 'data')) as [Buffer]
  t.match(second.toString(), /HTTP\/1\.1 200 |"refs":\[\]/)
  socket.destroy()
})
