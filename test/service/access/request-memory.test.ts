import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { bodyOf } from '../../../testing/cases/sync-body.js'
import { DOCUMENT, fakeClient, problemOf, serveApp } from '../../../testing/processes/served-app.js'

const HEAD = 'POST /sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
const MIB = 1024 * 1024

t.test('bodies that are announced and do not come keep no memory from others', async (t) => {
  const { app, post, url } = await serveApp(t, {
    client: fakeClient(async () => ({ refs: [] })),
    memoryBudget: 2 * MIB,
  })
  const { port } = app.server.address() as AddressInfo
  const slow = ['Content-Length: 131072\r\n\r\n{', 'Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n']
  for (const rest of [...slow, ...slow, ...slow]) {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.write(HEAD + rest)
  }
  const held = async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return /^gitsync_memory_held_bytes (\d+)/m.exec(text)?.[1]
  }
  while ((await held()) !== '6');
  t.equal((await post('/sync', bodyOf({}), DOCUMENT)).status, 200)
  const refused = await post('/sync', bodyOf({ scope: { branches: ['x'.repeat(MIB / 2)] } }), DOCUMENT)
  t.match(await problemOf(refused), { code: 'overloaded', status: 503 })
})

t.test('an expectation that is not met is refused with a problem document', async (t) => {
  const { app } = await serveApp(t)
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(`${HEAD}Expect: wonders\r\nContent-Length: 2\r\n\r\n{}`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  t.match(answer.toString(), /^HTTP\/1\.1 417 .*problem\+json.*"status":417/s)
  socket.destroy()
})

t.test(
  'who pipelines and reads nothing has one response made at a time, and a hundred requests at most',
  async (t) => {
    const made: string[] = []
    const prepare = (app: FastifyInstance) => {
      app.addHook('onSend', async ({ url }) => {
        made.push(url)
      })
    }
    const { app, url } = await serveApp(t, { prepare })
    const { port } = app.server.address() as AddressInfo
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const socket = connect(port, '127.0.0.1').pause()
    t.teardown(() => socket.destroy())
    socket.write(get('/docs/static/swagger-ui-bundle.js').repeat(100))
    while (made.length === 0) await (await fetch(`${url}/healthz`)).text()
    await (await fetch(`${url}/openapi.json`)).text()
    t.equal(made.filter((path) => path.startsWith('/docs')).length, 1)

    const flood = connect(port, '127.0.0.1')
    flood.on('error', () => {})
    flood.write(get('/healthz').repeat(1_000))
    await once(flood.resume(), 'close')
    t.ok(made.length <= 100)

    const tidy = connect(port, '127.0.0.1')
    tidy.end(
      get('/healthz').repeat(99) + get('/healthz').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
    )
    const answers = await text(tidy)
    t.equal(answers.match(/HTTP\/1\.1 200/g)?.length, 100)
  },
)
