import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { FakeLfsOptions } from '../../testing/lfs/fake-lfs.js'
import { startPair } from '../../testing/lfs/lfs-run.js'

const SECRET = 'a-secret-of-the-target'
const basic = (token: string) => `Basic ${Buffer.from(`git:${token}`).toString('base64')}`
const auth = { source: { token: 'a-secret-of-the-source' }, target: { token: SECRET } }
type Objects = { objects: Record<string, unknown>[] }

t.test('credentials go to the API of their own side, and to no other origin', async (t) => {
  const pair = await startPair(t, {
    auth,
    source: { authorization: basic(auth.source.token), hasOwnStorage: true },
    target: { authorization: basic(auth.target.token), hasOwnStorage: true, verifies: true },
  })
  await pair.move(pair.put(randomBytes(100)))
  t.equal(pair.target.objects.size, 1)
  for (const { storage } of [pair.source, pair.target]) {
    t.strictSame(
      storage.map(({ headers }) => headers.authorization),
      [undefined],
    )
  }
  t.equal(pair.target.verified.length, 1)
})

t.test('an action of the same origin gets them where it brings none and wants any', async (t) => {
  const cases: [Record<string, unknown>, string | undefined][] = [
    [{}, basic(SECRET)],
    [{ authenticated: true }, undefined],
  ]
  for (const [more, expected] of cases) {
    const respond = ({ objects }: Objects) => ({ objects: objects.map((object) => ({ ...object, ...more })) })
    const pair = await startPair(t, { auth, target: { respond } })
    await pair.move(pair.put(randomBytes(100)))
    t.strictSame(
      pair.target.storage.map(({ headers }) => headers.authorization),
      [expected],
    )
  }
  const respond = ({ objects }: Objects) => ({
    objects: objects.map((object) => changed(object, { authorization: 'RemoteAuth its-own' })),
  })
  const pair = await startPair(t, { auth, target: { respond } })
  await pair.move(pair.put(randomBytes(100)))
  t.strictSame(
    pair.target.storage.map(({ headers }) => headers.authorization),
    ['RemoteAuth its-own'],
  )
})

function changed(object: Record<string, unknown>, header: Record<string, string>) {
  const actions = object.actions as Record<string, { header: Record<string, string> }> | undefined
  if (!actions) return object
  const more = Object.entries(actions).map(([name, action]) => [
    name,
    { ...action, header: { ...action.header, ...header } },
  ])
  return { ...object, actions: Object.fromEntries(more) }
}

t.test('a batch that is too large is halved, and stays so', async (t) => {
  const pair = await startPair(t, { target: { maxBatch: 30 } })
  await pair.move(pair.put(...Array.from({ length: 100 }, (_, at) => Buffer.from(`${at}`))))
  t.equal(pair.target.objects.size, 100)
  const sizes = pair.target.batches.map(({ objects }) => objects.length)
  t.strictSame(sizes.slice(0, 3), [100, 50, 25])
  t.ok(sizes.slice(2).every((size) => size <= 25))
})

t.test('the request is that of the specification', async (t) => {
  const pair = await startPair(t)
  const [object] = pair.put(randomBytes(100))
  await pair.move([object as NonNullable<typeof object>])
  t.strictSame(pair.target.batches[0], {
    operation: 'upload',
    transfers: ['basic'],
    ref: { name: 'refs/heads/main' },
    objects: [object],
    hash_algo: 'sha256',
  })
  t.match(pair.target.api[0]?.headers, {
    accept: 'application/vnd.git-lfs+json',
    'content-type': 'application/vnd.git-lfs+json',
  })
  t.match(pair.target.storage[0]?.headers, {
    'content-type': 'application/octet-stream',
    'content-length': '100',
  })
})

t.test('responses as servers give them', async (t) => {
  const responds: Record<string, NonNullable<FakeLfsOptions['respond']>> = {
    'with a transfer': (response) => ({ transfer: 'basic', hash_algo: 'sha256', ...response }),
    'with nulls': ({ objects }) => ({
      transfer: null,
      objects: objects.map((object) => ({ ...object, error: null })),
    }),
    'with the old name': ({ objects }) => ({
      objects: objects.map(({ actions, ...object }) => ({
        ...object,
        actions: {},
        ...(actions ? { _links: actions } : {}),
      })),
    }),
    'in another order': ({ objects }) => ({ objects: objects.toReversed() }),
    'with other objects too': ({ objects }) => ({ objects: [...objects, { oid: 'unknown' }] }),
  }
  for (const [name, respond] of Object.entries(responds)) {
    const pair = await startPair(t, { source: { respond }, target: { respond } })
    await pair.move(pair.put(randomBytes(100), randomBytes(200)))
    t.equal(pair.target.objects.size, 2, name)
  }
})

const status = (code: number, headers = {}, body = '{"message":"so it is"}') =>
  ({
    intercept: (_, response) =>
      response.writeHead(code, { 'content-type': 'application/vnd.git-lfs+json', ...headers }).end(body),
  }) satisfies FakeLfsOptions

t.test('statuses of the API', async (t) => {
  const cases: [FakeLfsOptions, { code: string; message: RegExp; retryable?: boolean }][] = [
    [status(401, { 'lfs-authenticate': 'Basic' }), { code: 'target_unauthorized', message: /auth\.target/ }],
    [status(403), { code: 'target_unauthorized', message: /so it is/ }],
    [status(404), { code: 'lfs_unsupported', message: /target\.lfsUrl/ }],
    [status(501), { code: 'lfs_unsupported', message: /so it is/ }],
    [status(413), { code: 'lfs_limit_exceeded', message: /so it is/ }],
    [status(422), { code: 'lfs_limit_exceeded', message: /so it is/ }],
    [status(507), { code: 'lfs_limit_exceeded', message: /so it is/, retryable: false }],
    [status(509), { code: 'lfs_limit_exceeded', message: /so it is/, retryable: false }],
    [status(500), { code: 'target_unavailable', message: /so it is/, retryable: true }],
    [
      status(200, { 'content-type': 'text/html' }, '<p>welcome</p>'),
      { code: 'lfs_unsupported', message: /text\/html/ },
    ],
    [status(200, {}, 'no json'), { code: 'target_protocol_error', message: /no JSON/ }],
    [status(200, {}, '{"objects":1}'), { code: 'target_protocol_error', message: /does not fit/ }],
    [status(200, {}, '{"objects":[],"transfer":"tus"}'), { code: 'target_protocol_error', message: /"tus"/ }],
    [
      status(200, {}, '{"objects":[],"hash_algo":"sha1"}'),
      { code: 'target_protocol_error', message: /"sha1"/ },
    ],
    [status(200, {}, '{"objects":[]}'), { code: 'target_protocol_error', message: /leaves an object out/ }],
  ]
  for (const [target, expected] of cases) {
    const pair = await startPair(t, { target })
    await t.rejects(pair.move(pair.put(randomBytes(100))), expected, expected.message.source)
  }
})

t.test('a wait that the server asks for is kept, and a long one is left to the next run', async (t) => {
  let calls = 0
  const pair = await startPair(t, {
    target: {
      intercept: (_, response, next) =>
        ++calls > 2 ? next() : response.writeHead(429, { 'retry-after': calls === 1 ? '7' : '11' }).end(),
    },
  })
  await pair.move(pair.put(randomBytes(100)))
  t.strictSame(pair.pauses, [7000, 11_000])
  const patient = await startPair(t, { target: status(429, { 'retry-after': '3600' }) })
  await t.rejects(patient.move(patient.put(randomBytes(100))), {
    code: 'target_unavailable',
    retryAfter: 3600,
  })
  t.strictSame(patient.pauses, [])
})

t.test("an object's own error is the host's own words, without our secrets", async (t) => {
  const cases: [number, string][] = [
    [422, 'lfs_limit_exceeded'],
    [413, 'lfs_limit_exceeded'],
    [507, 'lfs_limit_exceeded'],
    [403, 'target_unauthorized'],
    [409, 'lfs_unsupported'],
  ]
  for (const [code, expected] of cases) {
    const error = { code, message: `not with ${SECRET}, and only 2 GB` }
    const respond = ({ objects }: Objects) => ({
      objects: objects.map(({ oid, size }) => ({ oid, size, error })),
    })
    const pair = await startPair(t, { auth, target: { respond } })
    await t.rejects(pair.move(pair.put(randomBytes(100))), {
      code: expected,
      message: /not with \[redacted\], and only 2 GB/,
    })
  }
})

t.test('what storage says is shown without the secrets of its address', async (t) => {
  const pair = await startPair(t, {
    target: {
      hasOwnStorage: true,
      respond: ({ objects }) => ({
        objects: objects.map(({ oid, size }) => ({
          oid,
          size,
          actions: { upload: { href: `${echo}/put?signature=a-signature-of-many-letters` } },
        })),
      }),
    },
  })
  const { FakeLfs } = await import('../../testing/lfs/fake-lfs.js')
  const echoing = await FakeLfs.start({
    intercept: (request, response) =>
      response.writeHead(422, { 'content-type': 'text/plain' }).end(`no ${request.url}`),
  })
  t.teardown(() => echoing.close())
  const echo = new URL(echoing.url).origin
  await t.rejects(pair.move(pair.put(randomBytes(100))), {
    code: 'lfs_limit_exceeded',
    message: /no \/put\?signature=\[redacted\]/,
  })
})

t.test(
  'redirects of the API stay within its origin, those of storage are followed without credentials',
  async (t) => {
    const within = await startPair(t, {
      target: {
        intercept: (request, response, next) => {
          if (!request.url?.startsWith('/r.git/info')) next()
          else response.writeHead(308, { location: request.url.replace('/r.git', '/moved.git') }).end()
        },
      },
    })
    await within.move(within.put(randomBytes(100)))
    t.equal(within.target.objects.size, 1)
    const away = await startPair(t, {
      target: {
        intercept: (request, response) =>
          response.writeHead(307, { location: `http://localhost:1${request.url}` }).end(),
      },
    })
    await t.rejects(away.move(away.put(randomBytes(100))), {
      code: 'redirect_refused',
      message: /target\.lfsUrl/,
    })
  },
)

t.test('actions that cannot be taken', async (t) => {
  const links: [Record<string, unknown>, RegExp][] = [
    [{ href: 'objects/1' }, /no URL/],
    [{ href: 'file:///etc/passwd' }, /not http/],
    [{ href: 'http://127.0.0.1:1/x', header: { 'x-bad': 'one\r\ntwo' } }, /cannot be sent/],
  ]
  for (const [upload, message] of links) {
    const respond = ({ objects }: Objects) => ({
      objects: objects.map(({ oid, size }) => ({ oid, size, actions: { upload } })),
    })
    const pair = await startPair(t, { target: { respond } })
    await t.rejects(pair.move(pair.put(randomBytes(100))), { code: 'target_protocol_error', message })
  }
})
