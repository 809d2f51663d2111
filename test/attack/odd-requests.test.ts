import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { parseCallers } from '../../src/service/access/callers.js'
import { bodyOf } from '../../testing/cases/sync-body.js'
import { fakeClient, type ServeOptions, serveApp } from '../../testing/processes/served-app.js'

interface RawResponse {
  status: number
  type: string | undefined
  body: string
}

/** A service that counts its runs, and a way to send it any bytes. */
async function rawService(t: Parameters<typeof serveApp>[0], options: ServeOptions = {}) {
  const runs: unknown[] = []
  const client = fakeClient(async () => runs.push(1) && { refs: [] })
  const { app, url } = await serveApp(t, { client, ...options })
  const { port } = app.server.address() as AddressInfo
  const send = async (request: string): Promise<RawResponse> => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.on('error', () => {})
    socket.write(request, 'latin1')
    const raw = await text(socket)
    const [head = '', body = ''] = raw.split('\r\n\r\n')
    const type = /^content-type: ([^;\r]*)/im.exec(head)?.[1]
    return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), type, body }
  }
  return { send, runs, port, url }
}

const sync = (host: string, target = '/sync', version = '1.1', extra = '') => {
  const body = JSON.stringify(bodyOf())
  const lines = [
    `POST ${target} HTTP/${version}`,
    ...(host === '' ? [] : [`Host: ${host}`]),
    'Content-Type: application/json',
    'Accept: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  return `${lines.join('\r\n')}${extra}\r\n\r\n${body}`
}

t.test('without tokens, on loopback, only names of loopback are accepted', async (t) => {
  const { send, runs, port } = await rawService(t)
  const loopback = ['localhost', 'LOCALHOST.', 'git-sync.localhost', '127.0.0.1', '127.9.8.7', '[::1]']
  const good = [...loopback, ...loopback.map((name) => `${name}:${port}`), 'localhost:80']
  for (const host of good) t.equal((await send(sync(host))).status, 200, host)
  t.equal((await send(sync('localhost', `http://localhost:${port}/sync`))).status, 200, 'a whole URL')
  t.equal(runs.length, good.length + 1)
  const bad: [string, string][] = [
    ['evil.example', sync('evil.example')],
    ['with its port', sync(`evil.example:${port}`)],
    ['a name that begins like one', sync('127.0.0.1.evil.example')],
    ['a name that ends like one', sync('evillocalhost')],
    ['a user before it', sync('localhost@evil.example')],
    ['a port before it', sync('evil.example:80@localhost')],
    ['another address', sync('192.168.1.1')],
    ['any address', sync(`0.0.0.0:${port}`)],
    ['an IPv6 address', sync('[::2]')],
    ['an empty one', sync(' ')],
    ['none', sync('')],
    ['none, in HTTP/1.0', sync('', '/sync', '1.0')],
    ['two', sync('localhost', '/sync', '1.1', '\r\nHost: evil.example')],
    ['a target that outweighs it', sync('localhost', 'http://evil.example/sync')],
    ['one that a proxy tells of', sync('evil.example', '/sync', '1.1', '\r\nX-Forwarded-Host: localhost')],
  ]
  for (const [what, request] of bad) {
    const { status, type, body } = await send(request)
    t.equal(status, 400, what)
    t.equal(type, 'application/problem+json')
    t.match(body, /"detail":"[^"]*Host[^"]*","code":"invalid_request"/)
  }
  for (const path of ['/metrics', '/openapi.json', '/docs'])
    t.equal(
      (await send(`GET ${path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`)).status,
      400,
      path,
    )
  t.equal(runs.length, good.length + 1, 'none of these ran')
  for (const path of ['/healthz', '/readyz']) {
    t.equal(
      (await send(`GET ${path} HTTP/1.1\r\nHost: 10.0.0.7:8080\r\nConnection: close\r\n\r\n`)).status,
      200,
    )
    t.equal((await send(`GET ${path} HTTP/1.0\r\n\r\n`)).status, 200)
  }
})

t.test('with tokens, any name will do', async (t) => {
  const { send } = await rawService(t, { callers: () => parseCallers('ci:T0KEN') })
  const token = '\r\nAuthorization: Bearer T0KEN'
  t.equal((await send(sync('git-sync.example', '/sync', '1.1', token))).status, 200)
  t.equal((await send(sync('', '/sync', '1.1', token))).status, 400)
})

t.test('a page of another site starts no run by what a form may send', async (t) => {
  const { runs, url } = await rawService(t)
  const origin = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '',
  ]) {
    const headers = type === '' ? origin : { ...origin, 'content-type': type }
    const body = new Blob([JSON.stringify(bodyOf())])
    t.equal((await fetch(`${url}/sync`, { method: 'POST', headers, body })).status, 415, type)
  }
  const preflight = await fetch(`${url}/sync`, { method: 'OPTIONS', headers: origin })
  t.equal(preflight.headers.get('access-control-allow-origin'), null)
  t.strictSame(runs, [])
})

t.test('what the parser refuses is a problem document', async (t) => {
  const { send, runs } = await rawService(t, { requestTimeout: 300 })
  const refusals: [string, number, string][] = [
    ['nonsense', 400, 'nonsense\r\n\r\n'],
    ['another protocol', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['long headers', 431, `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`],
    ['a long path', 431, `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    ['both lengths', 400, sync('localhost', '/sync', '1.1', '\r\nTransfer-Encoding: chunked')],
    ['two lengths', 400, sync('localhost', '/sync', '1.1', '\r\nContent-Length: 3')],
    ['a length that is none', 400, 'POST /sync HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n'],
    ['a NUL in a header', 400, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n'],
    [
      'a bad chunk',
      400,
      'POST /sync HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nzz\r\n',
    ],
    ['a request that does not end', 408, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n'],
  ]
  for (const [what, expected, request] of refusals) {
    const { status, type, body } = await send(request)
    t.equal(status, expected, what)
    t.equal(type, 'application/problem+json', what)
    t.match(JSON.parse(body), { code: 'invalid_request', status, requestId: /^[\da-f-]{36}$/ })
  }
  t.strictSame(runs, [])
})

t.test('no odd path is an error of our own', async (t) => {
  const { send } = await rawService(t)
  const paths = [
    '/docs/static/%2e%2e/x',
    '/docs/static/..%2f..%2fpackage.json',
    '/docs/static/%2e%2e%2f',
    '/docs/static/..%5c..%5cx',
    '/docs/static/%00',
    '/docs/static/a%00.css',
    '/docs/static/%',
    '/docs/static/%zz',
    '/docs/static/%c0%ae%c0%ae/x',
    `/docs/static/${'x'.repeat(10_000)}`,
    `/docs/static/${'%2e%2e/'.repeat(1_000)}`,
    '/docs/static//',
    '//docs/static/../x',
    '//',
    '/%',
    '/%ff',
    '/docs/..',
    '/docs/nothing',
    '/docs/json/..',
    `/${'/'.repeat(10_000)}`,
    '/sync/..;/metrics',
    'x',
    '*',
    'http://localhost/docs/static/%2e%2e/x',
    'http://[/docs',
  ]
  for (const path of paths) {
    const { status, body } = await send(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    )
    t.ok(status >= 200 && status < 500, `${status} ${path.slice(0, 60)}`)
    t.notMatch(body, /internal|node_modules|\/work|git-sync-/)
  }
})
