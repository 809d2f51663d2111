import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { bodyOf } from '../testing/cases/sync-body.js'
import {
  captureLog,
  fakeClient,
  problemOf,
  type ServedApp,
  serveApp,
} from '../testing/processes/served-app.js'

const JSON_TYPE = { 'content-type': 'application/json' }

function send({ url }: ServedApp, method: string, path: string, headers = {}, body?: string) {
  return fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) })
}

/** An app whose client must not be asked. */
async function idleApp(t: Parameters<typeof serveApp>[0], bodyLimit?: number) {
  const asked: string[] = []
  const client = fakeClient(async () => {
    asked.push('a run')
    return {}
  })
  return { asked, served: await serveApp(t, { client, ...(bodyLimit === undefined ? {} : { bodyLimit }) }) }
}

t.test('what Fastify finds wrong with a request is a problem like any other', async (t) => {
  const text = JSON.stringify(bodyOf())
  const table = {
    'a body that is not JSON': [JSON_TYPE, 'nonsense', 400, 'invalid_request'],
    'a body of another type': [{ 'content-type': 'text/plain' }, text, 415, 'unsupported_media_type'],
    'a form': [{ 'content-type': 'application/x-www-form-urlencoded' }, 'a=b', 415, 'unsupported_media_type'],
    'a type that is none': [{ 'content-type': 'nonsense' }, text, 415, 'unsupported_media_type'],
    'a JSON type that is not ours': [
      { 'content-type': 'application/ld+json' },
      text,
      415,
      'unsupported_media_type',
    ],
    'a body without a type': [{ 'content-type': '' }, text, 415, 'unsupported_media_type'],
    'an empty body': [JSON_TYPE, '', 400, 'invalid_request'],
    'a body that pollutes prototypes': [
      JSON_TYPE,
      `{"__proto__":{},${text.slice(1)}`,
      400,
      'invalid_request',
    ],
    'a body over the limit': [JSON_TYPE, text.padEnd(501), 413, 'payload_too_large'],
  } as const
  const { asked, served } = await idleApp(t, 500)
  for (const [what, [headers, body, status, code]] of Object.entries(table)) {
    const response = await send(served, 'POST', '/sync', headers, body)
    t.equal(response.status, status, what)
    const problem = await problemOf(response)
    t.match(problem, { code, status, retryable: false }, what)
    if (status === 400) t.match(problem.errors, [{ path: '', message: /./ }], what)
  }
  t.strictSame(asked, [], 'no run began')
})

t.test('a body of exactly the limit is accepted', async (t) => {
  const { asked, served } = await idleApp(t, 500)
  const response = await send(served, 'POST', '/plan', JSON_TYPE, JSON.stringify(bodyOf()).padEnd(500))
  t.equal(response.status, 200)
  await response.text()
  t.strictSame(asked, ['a run'])
})

t.test('no body and no type is a request that does not fit', async (t) => {
  const served = await serveApp(t)
  for (const path of ['/probe', '/plan', '/sync', '/replicate']) {
    const response = await send(served, 'POST', path)
    t.equal(response.status, 400, path)
    t.match(await problemOf(response), { code: 'invalid_request', errors: [{ path: '' }] })
  }
})

t.test('a charset does not make another media type', async (t) => {
  const { served } = await idleApp(t)
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  const response = await send(served, 'POST', '/sync', headers, JSON.stringify(bodyOf()))
  t.equal(response.status, 200)
  await response.text()
})

t.test('what a body says is not repeated when it cannot be read', async (t) => {
  const { served } = await idleApp(t)
  for (const body of ['{"auth":{"source":{"token":"T0KEN"', '"T0KEN', 'T0KEN', '{"token":T0KEN}']) {
    const response = await send(served, 'POST', '/sync', JSON_TYPE, body)
    t.equal(response.status, 400)
    t.notMatch(await response.text(), 'T0KEN')
  }
})

t.test('a path that is not there is 404, whatever comes with it', async (t) => {
  const { served } = await idleApp(t)
  const table = [
    ['GET', '/', {}, undefined],
    ['GET', '/nothing', {}, undefined],
    ['GET', '/sync/', {}, undefined],
    ['GET', '/Sync', {}, undefined],
    ['DELETE', '/nothing?sync', {}, undefined],
    ['POST', '/nothing', JSON_TYPE, 'no JSON'],
    ['POST', '/nothing', { 'content-type': 'text/plain' }, 'text'],
  ] as const
  for (const [method, path, headers, body] of table) {
    const response = await send(served, method, path, headers, body)
    t.equal(response.status, 404, `${method} ${path}`)
    t.equal(response.headers.get('allow'), null)
    t.match(await problemOf(response), { code: 'not_found', detail: /openapi\.json/ })
  }
})

t.test('a method that a path does not accept is 405, with the ones that it accepts', async (t) => {
  const { asked, served } = await idleApp(t)
  const table = [
    ['GET', '/sync', 'POST'],
    ['GET', '/sync?a=b', 'POST'],
    ['PUT', '/plan', 'POST'],
    ['PATCH', '/probe', 'POST'],
    ['OPTIONS', '/replicate', 'POST'],
    ['DELETE', '/healthz', 'GET, HEAD'],
    ['POST', '/readyz', 'GET, HEAD'],
    ['PURGE', '/openapi.json', 'GET, HEAD'],
  ] as const
  for (const [method, path, allow] of table) {
    const response = await send(served, method, path)
    t.equal(response.status, 405, `${method} ${path}`)
    t.equal(response.headers.get('allow'), allow)
    t.match(await problemOf(response), { code: 'method_not_allowed', detail: `not ${method}` })
  }
  const withBody = await send(served, 'POST', '/healthz', JSON_TYPE, 'no JSON')
  t.equal(withBody.status, 405, 'whatever comes with it')
  t.strictSame(asked, [])
})

t.test('HEAD has the response of GET, or the refusal of other methods, without a body', async (t) => {
  const { served } = await idleApp(t)
  for (const path of ['/healthz', '/readyz', '/openapi.json']) {
    const [head, get] = [await send(served, 'HEAD', path), await send(served, 'GET', path)]
    t.equal(head.status, 200, path)
    t.equal(head.headers.get('content-type'), get.headers.get('content-type'))
    t.equal(await head.text(), '')
    await get.text()
  }
  for (const [path, status] of [
    ['/sync', 405],
    ['/nothing', 404],
  ] as const) {
    const response = await send(served, 'HEAD', path)
    t.equal(response.status, status, path)
    t.equal(response.headers.get('content-type'), 'application/problem+json')
    t.equal(await response.text(), '')
  }
})

t.test('a URL that cannot be decoded is a problem too', async (t) => {
  const { served } = await idleApp(t)
  const response = await send(served, 'GET', '/%E0%A4%A')
  t.equal(response.status, 400)
  t.match(await problemOf(response), { code: 'invalid_request', errors: [{ path: '' }] })
})

t.test('a caller that disconnects during its body begins no run, and is not an internal error', async (t) => {
  const { lines, logger } = captureLog()
  const asked: string[] = []
  const client = fakeClient(async () => asked.push('a run'))
  const { app } = await serveApp(t, { client, logger })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  const came = once(app.server, 'request')
  socket.write(
    'POST /sync HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
  )
  const [, response] = await came
  socket.destroy()
  await once(response, 'close')
  await app.close()
  t.strictSame(asked, [])
  t.strictSame(
    lines.filter((line) => JSON.parse(line).level >= 40),
    [],
  )
})

t.test('each response has an id of its own', async (t) => {
  const { served } = await idleApp(t)
  const ids = new Set<string>()
  for (let i = 0; i < 3; i++) ids.add((await problemOf(await send(served, 'GET', '/nothing'))).requestId)
  t.equal(ids.size, 3)
})
