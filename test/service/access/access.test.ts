import t, { type Test } from 'tap'
import { type Caller, parseCallers } from '../../../src/service/access/callers.js'
import { bodyOf } from '../../../testing/cases/sync-body.js'
import {
  captureLog,
  fakeClient,
  problemOf,
  type ServeOptions,
  serveApp,
} from '../../../testing/processes/served-app.js'

/** An app whose runs do nothing but say who asked for them. */
async function servedTo(t: Test, options: ServeOptions = {}) {
  const seen: string[] = []
  const served = await serveApp(t, {
    client: fakeClient(async () => ({})),
    prepare: (app) => app.addHook('preHandler', async ({ caller }) => void seen.push(caller)),
    ...options,
  })
  const ask = (path: string, token?: string) =>
    fetch(served.url + path, {
      method: path.startsWith('/sync') ? 'POST' : 'GET',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(path.startsWith('/sync') ? { body: JSON.stringify(bodyOf()) } : {}),
    })
  return { ...served, seen, ask }
}

const known = parseCallers('ci:T0KEN-1,ops:T0KEN-2')
const callers = () => known

t.test('a caller is named by its token, or by its address if no token is required', async (t) => {
  const { seen, ask } = await servedTo(t, { callers })
  for (const token of ['T0KEN-1', 'T0KEN-2']) t.equal((await ask('/sync', token)).status, 200)
  await ask('/healthz', 'T0KEN-1')
  t.strictSame(seen, ['ci', 'ops', '127.0.0.1'])
  const anonymous = await servedTo(t)
  t.equal((await anonymous.ask('/sync')).status, 200)
  t.strictSame(anonymous.seen, ['127.0.0.1'])
})

t.test('without a token, or with a wrong one, there are only the open routes', async (t) => {
  const { seen, ask } = await servedTo(t, { callers })
  for (const token of [undefined, 'T0KEN', '']) {
    const response = await ask('/sync', token)
    t.equal(response.status, 401)
    t.equal(response.headers.get('www-authenticate'), 'Bearer')
    t.match(await problemOf(response), { code: 'unauthorized', detail: /GITSYNC_API_TOKENS/ })
  }
  for (const path of ['/sync?a=/healthz', '/sync#/docs', '/%73ync'])
    t.equal((await ask(path)).status, path === '/%73ync' ? 404 : 401, path)
  t.strictSame(seen, [], 'nobody came in')
  for (const path of ['/healthz', '/readyz', '/openapi.json']) t.equal((await ask(path)).status, 200, path)
  for (const path of ['/nothing', '/docsx', '/healthz/']) t.equal((await ask(path)).status, 404, path)
})

t.test('callers may change while the service runs', async (t) => {
  let now: readonly Caller[] = known
  const { ask } = await servedTo(t, { callers: async () => now })
  t.equal((await ask('/sync', 'T0KEN-1')).status, 200)
  now = parseCallers('T0KEN-3')
  t.equal((await ask('/sync', 'T0KEN-1')).status, 401)
  t.equal((await ask('/sync', 'T0KEN-3')).status, 200)
})

t.test('each caller may ask so many times a minute, whatever others do', async (t) => {
  const { ask } = await servedTo(t, { callers, rateLimit: 2 })
  const statuses = async (token: string) => {
    const all: number[] = []
    for (let i = 0; i < 3; i++) all.push((await ask('/sync', token)).status)
    return all
  }
  t.strictSame(await statuses('T0KEN-1'), [200, 200, 429])
  t.strictSame(await statuses('T0KEN-2'), [200, 200, 429])
  const response = await ask('/sync', 'T0KEN-1')
  const wait = Number(response.headers.get('retry-after'))
  t.ok(wait > 0 && wait <= 60, `${wait} seconds`)
  t.match(await problemOf(response), { code: 'rate_limited', status: 429, retryable: true, retryAfter: wait })
  for (let i = 0; i < 5; i++) {
    for (const path of ['/healthz', '/readyz']) t.equal((await ask(path)).status, 200, path)
  }
})

t.test('without a limit there is none', async (t) => {
  const { ask } = await servedTo(t, { callers })
  const answers = await Promise.all(Array.from({ length: 150 }, () => ask('/sync', 'T0KEN-1')))
  t.ok(answers.every(({ status }) => status === 200))
})

t.test('token guessing ends: after a hundred wrong tokens not even the right one is looked at', async (t) => {
  const { lines, logger } = captureLog()
  const { seen, ask } = await servedTo(t, { callers, logger })
  for (let i = 0; i < 50; i++) await ask('/sync')
  const tries = await Promise.all(Array.from({ length: 100 }, (_, i) => ask('/sync', `guess-${i}`)))
  t.ok(tries.every(({ status }) => status === 401))
  const response = await ask('/sync', 'T0KEN-1')
  t.equal(response.status, 429)
  t.ok(Number(response.headers.get('retry-after')) > 0)
  t.match(await problemOf(response), { code: 'rate_limited', detail: /wrong tokens/ })
  t.strictSame(seen, [])
  t.equal((await ask('/healthz')).status, 200, 'the open routes stay open')
  t.notMatch(lines.join(''), /guess-|T0KEN/)
})

t.test('every response has security headers, and none allows other origins', async (t) => {
  const { url, ask } = await servedTo(t, { callers })
  const answers = [
    await ask('/healthz'),
    await ask('/sync'),
    await ask('/nothing'),
    await ask('/sync', 'T0KEN-1'),
  ]
  answers.push(await fetch(`${url}/sync`, { method: 'OPTIONS', headers: { origin: 'https://a.example' } }))
  for (const { status, headers } of answers) {
    t.match(headers.get('content-security-policy'), /default-src 'self'/, `${status}`)
    t.equal(headers.get('x-content-type-options'), 'nosniff')
    t.match(headers.get('strict-transport-security'), /max-age/)
    t.strictSame(
      [...headers.keys()].filter((name) => name.startsWith('access-control')),
      [],
    )
  }
})
