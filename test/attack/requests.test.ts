import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { parseCallers } from '../../src/service/access/callers.js'
import { stage } from '../../testing/cases/stage.js'
import { bodyOf } from '../../testing/cases/sync-body.js'
import { fakeClient, problemOf, serveApp } from '../../testing/processes/served-app.js'

const JSON_TYPE = { 'content-type': 'application/json' }

t.test('token guessing', async (t) => {
  const runs: number[] = []
  const client = fakeClient(async () => runs.push(1))
  const { url } = await serveApp(t, { client, callers: () => parseCallers('ci:T0KEN') })
  const guess = async (token: string) => {
    const headers = { ...JSON_TYPE, authorization: `Bearer ${token}` }
    const response = await fetch(`${url}/sync`, { method: 'POST', headers, body: JSON.stringify(bodyOf()) })
    await response.body?.cancel()
    return response.status
  }
  const guesses = await Promise.all(Array.from({ length: 100 }, (_, i) => guess(`T0KE${i}`)))
  t.ok(guesses.every((status) => status === 401))
  t.equal(await guess('T0KEN'), 429, 'by now the right one is of no use')
  t.strictSame(runs, [])
})

t.test('credentials in URLs', async (t) => {
  const { source, target } = await stage(t)
  const { post } = await serveApp(t)
  const places = ['user:S3CRET@', 'S3CRET@', ':S3CRET@', 'user%3AS3CRET@']
  for (const userinfo of places) {
    for (const side of ['source', 'target'] as const) {
      const urls = { source: { url: source.url }, target: { url: target.url } }
      urls[side].url = urls[side].url.replace('//', `//${userinfo}`)
      const response = await post('/sync', urls)
      t.equal(response.status, 400)
      const problem = await problemOf(response)
      t.match(problem, { code: 'invalid_request', errors: [{ path: `/${side}/url`, message: /auth/ }] })
      t.notMatch(JSON.stringify(problem), 'S3CRET')
    }
  }
  t.strictSame([...source.requests, ...target.requests], [])
})

t.test('header injection in URLs and refs', async (t) => {
  const { source, target, request } = await stage(t)
  await source.commit('main')
  const { post } = await serveApp(t)
  const injected = '\r\nX-Injected: yes\r\n\r\nGET /inside HTTP/1.1'
  const bodies = [
    request({ scope: { branches: [`main${injected}`] } }),
    request({ scope: { mappings: [{ source: 'main', target: `refs/heads/a${injected}` }] } }),
    request({ scope: { excludeRefs: [`refs/heads/a${injected}`] } }),
    request({ auth: { source: { bearerToken: `T0KEN${injected}` } } }),
    request({ options: { pushOptions: [`ci.skip\n${injected}`] } }),
    request({ source: { url: `${source.url}${injected}` } }),
    request({ source: { url: source.url.replace('127', `127${injected}`) } }),
  ]
  for (const body of bodies) {
    const response = await post('/sync', body, 'application/json')
    await response.text()
    t.ok(response.status >= 400, `${response.status}`)
  }
  const name = 'a%0d%0aX-Injected:%20yes%0d%0a'
  await post('/probe', { source: { url: source.url.replace('repository', name) } })
  const seen = [...source.requests, ...target.requests]
  t.ok(seen.every(({ headers }) => headers['x-injected'] === undefined))
  t.ok(seen.every(({ path }) => !path.startsWith('/inside')))
  t.strictSame(await target.refs(), {})
})

t.test('a 10 MiB request', async (t) => {
  const runs: number[] = []
  const { url } = await serveApp(t, { client: fakeClient(async () => runs.push(1)) })
  const body = JSON.stringify(bodyOf()).padEnd(10 * 1024 * 1024)
  const post = (sent: RequestInit) => fetch(`${url}/sync`, { method: 'POST', headers: JSON_TYPE, ...sent })
  const declared = await post({ body })
  t.equal(declared.status, 413)
  t.match(await problemOf(declared), { code: 'payload_too_large', detail: /GITSYNC_BODY_LIMIT/ })
  const chunked = await post({ body: new Blob([body]).stream(), duplex: 'half' } as RequestInit)
  t.equal(chunked.status, 413)
  t.strictSame(runs, [])
  t.equal((await fetch(`${url}/healthz`)).status, 200)
})

/** Writes this and waits for the end of the connection. */
async function slowly(t: Test, port: number, words: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const drip = setInterval(() => socket.write(words.shift() ?? ' '), 20)
  socket.on('error', () => {}).once('close', () => clearInterval(drip))
  return text(socket).catch(() => '')
}

t.test('a slow-loris caller', async (t) => {
  const runs: number[] = []
  const { app } = await serveApp(t, { client: fakeClient(async () => runs.push(1)), requestTimeout: 200 })
  const { port } = app.server.address() as AddressInfo
  const head = ['POST /sync HTTP/1.1\r\n', 'Host: a\r\nContent-Type: application/json\r\n']
  const started = performance.now()
  const [headers, body] = await Promise.all([
    slowly(t, port, [...head, 'X-Slow: ']),
    slowly(t, port, [...head, 'Content-Length: 1000\r\n\r\n', '{']),
  ])
  t.ok(performance.now() - started < 5_000, 'it is not waited for')
  t.match(headers, /^HTTP\/1\.1 408 /)
  t.notMatch(body, '200 OK')
  t.strictSame(runs, [])
})
