import { inspect } from 'node:util'
import t from 'tap'
import {
  type AuthProvider,
  Client,
  type Endpoint,
  type EndpointAuth,
  type EndpointRole,
  type GitSyncError,
  type RunEvent,
  StaticAuthProvider,
} from '../../../src/index.js'
import { at, failureOf, stage } from '../../../testing/cases/stage.js'
import type { Action } from '../../../testing/faults/proxy-actions.js'
import { mapPackets } from '../../../testing/faults/response-faults.js'
import type { GitServerOptions } from '../../../testing/git/git-server.js'
import { band, pkt } from '../../../testing/packets/wire.js'

const SECRET = 'hush-hush/ä+secret'
const WRONG = 'not-the-bearer-token'
const ENCODED = Buffer.from(`git:${SECRET}`).toString('base64')

interface Kind {
  name: string
  server: NonNullable<GitServerOptions['auth']>
  right: EndpointAuth
  wrong: EndpointAuth
}

const kinds: Kind[] = [
  {
    name: 'basic',
    server: { username: 'ada', password: SECRET },
    right: { username: 'ada', token: SECRET },
    wrong: { username: 'bob', token: SECRET },
  },
  {
    name: 'basic with the usual user name',
    server: { username: 'git', password: SECRET },
    right: { token: SECRET },
    wrong: { username: 'ada', token: SECRET },
  },
  {
    name: 'bearer',
    server: { bearer: 'a-bearer-token' },
    right: { bearerToken: 'a-bearer-token', token: SECRET },
    wrong: { bearerToken: WRONG, token: 'a-bearer-token' },
  },
]

for (const { name, server, right, wrong } of kinds) {
  t.test(`${name}: the right credentials open both sides`, async (t) => {
    const auth = { auth: server }
    const { source, target, client, request } = await stage(t, { source: auth, target: auth })
    await source.addCommits('main', 2)

    await client.sync(request({ auth: { source: right, target: right } }))
    await source.addCommits('main', 2)
    await client.sync(request({ auth: { source: right, target: right } }))

    t.strictSame(await target.soundRefs(), await source.refs())
  })

  for (const side of ['source', 'target'] as const) {
    t.test(`${name}: wrong credentials or none are refused by the ${side}`, async (t) => {
      const { source, target, client, request } = await stage(t, at(side, { auth: server }))
      await source.commit('main')

      for (const given of [wrong, {}, { username: 'ada', token: '', bearerToken: '' }]) {
        const error = await failureOf(client.sync(request({ auth: { [side]: given } })))
        t.equal(error.code, `${side}_unauthorized`)
        t.notOk(error.retryable)
        t.match(error.message, `auth.${side}`, 'it names the setting')
        t.strictSame(leaks(error), [])
      }
      t.strictSame(await target.refs(), {})
    })
  }
}

t.test('credentials of one side are not shown to the other', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')

  await client.sync(request({ auth: { source: { token: 'for-the-source' }, target: { bearerToken: 'x' } } }))

  const basic = `Basic ${Buffer.from('git:for-the-source').toString('base64')}`
  t.ok(source.requests.every(({ headers }) => headers.authorization === basic))
  t.ok(target.requests.every(({ headers }) => headers.authorization === 'Bearer x'))
})

t.test(
  'credentials that were read from a file with a line end in them do not look like an outage',
  async (t) => {
    const { source, client, request } = await stage(t)
    await source.commit('main')

    const error = await failureOf(client.sync(request({ auth: { source: { bearerToken: `${SECRET}\n` } } })))

    t.notOk(error.retryable)
    t.notMatch(error.code, /unreachable/)
    t.strictSame(leaks(error), [])
  },
)

t.test('a provider is asked where the request brings no credentials, side by side', async (t) => {
  const asked: [Endpoint, EndpointRole, boolean][] = []
  const auth: AuthProvider = {
    authFor: async (endpoint, role, { signal }) => {
      asked.push([endpoint, role, signal.aborted])
      return { token: `stored-${role}` }
    },
  }
  const { source, target, request } = await stage(t, {
    source: { auth: { username: 'git', password: 'stored-source' } },
    target: { auth: { username: 'git', password: 'of-the-request' } },
  })
  await source.commit('main')
  const given = { source: { username: 'ada', token: '' }, target: { token: 'of-the-request' } }

  await new Client({ auth }).sync(request({ auth: given }))

  t.strictSame(asked, [[{ url: source.url }, 'source', false]])
  t.strictSame(await target.refs(), await source.refs())
})

t.test('a static provider gives each side its own, and a request without auth uses it', async (t) => {
  const { source, target, request } = await stage(t, {
    source: { auth: { username: 'git', password: 'one' } },
    target: { auth: { bearer: 'two' } },
  })
  await source.commit('main')
  const auth = new StaticAuthProvider({ source: { token: 'one' }, target: { bearerToken: 'two' } })

  await new Client({ auth }).sync(request())

  t.strictSame(await target.refs(), await source.refs())
})

t.test('a provider may know nothing', async (t) => {
  const { source, target, request } = await stage(t)
  await source.commit('main')

  await new Client({ auth: { authFor: () => undefined } }).sync(request())

  t.strictSame(await target.refs(), await source.refs())
  t.ok([...source.requests, ...target.requests].every(({ headers }) => headers.authorization === undefined))
})

const auth = { source: { token: SECRET }, target: { token: SECRET } }

for (const side of ['source', 'target'] as const) {
  t.test(`what a ${side} echoes of our secrets is blotted out in errors of any kind`, async (t) => {
    const echo = `Basic ${ENCODED} is ${SECRET} or ${encodeURIComponent(SECRET)}`
    const service = side === 'source' ? 'git-upload-pack' : 'git-receive-pack'
    const advertisement = { 'content-type': `application/x-${service}-advertisement` }
    const answers: Extract<Action, { type: 'respond' }>[] = [
      { type: 'respond', status: 401, headers: { 'content-type': 'text/plain' }, body: echo },
      { type: 'respond', status: 403, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: echo },
      { type: 'respond', status: 500, headers: { 'content-type': 'text/plain' }, body: echo },
      { type: 'respond', status: 418, headers: { 'content-type': 'text/plain' }, body: echo },
      { type: 'respond', status: 200, headers: advertisement, body: pkt(`ERR ${echo}`) },
      { type: 'respond', status: 200, headers: advertisement, body: pkt(echo) },
      { type: 'respond', status: 200, headers: advertisement, body: echo },
      { type: 'respond', status: 200, headers: { 'content-type': `text/${ENCODED}` }, body: echo },
      { type: 'respond', status: 302, headers: { location: `/${ENCODED}/login` } },
      {
        type: 'respond',
        status: 302,
        headers: { location: `http://127.0.0.1:1/${ENCODED}/info/refs?service=${service}` },
      },
    ]
    let next = 0
    const { source, client, request } = await stage(t, at(side, { handle: () => answers[next] }))
    await source.commit('main')
    for (; next < answers.length; next++) {
      const error = await failureOf(client.sync(request({ auth })))
      t.strictSame(leaks(error), [], `answer ${next}: ${error.message}`)
    }
  })
}

t.test('a fatal line of the source does not give our secrets away', async (t) => {
  const { source, client, request, events, watch } = await stage(t, {
    source: {
      handle: ({ kind, index }) => {
        if (kind !== 'call' || index === 0) return undefined
        const body = Buffer.concat([pkt('packfile\n'), band(2, `hello ${SECRET}\n`), band(3, `no ${SECRET}`)])
        return { type: 'respond', status: 200, headers: sourceResult, body }
      },
    },
  })
  await source.commit('main')

  const error = await failureOf(client.sync(request({ auth }), watch))

  t.equal(error.code, 'source_protocol_error')
  t.strictSame(leaks(error, events), [])
})

t.test('neither do a hook’s words nor its refusal', async (t) => {
  const { source, target, client, request, events, watch } = await stage(t, {
    target: {
      handle: ({ kind }) => (kind === 'call' ? { type: 'rewrite', transform: echoing() } : undefined),
    },
  })
  await target.hook('pre-receive', 'echo "you came with HUSH" >&2; exit 1')
  await source.commit('main')

  const error = await failureOf(client.sync(request({ auth }), watch))

  t.equal(error.code, 'ref_rejected')
  t.ok(events.some((event) => event.type === 'remote' && event.side === 'target'))
  t.strictSame(leaks(error, events), [])

  function echoing() {
    return mapPackets(({ raw, payload }) => {
      return payload?.[0] === 2 ? band(2, payload.subarray(1).toString().replace('HUSH', SECRET)) : raw
    })
  }
})

t.test('a connection that breaks does not show what was sent over it', async (t) => {
  for (const side of ['source', 'target'] as const) {
    const { source, client, request } = await stage(
      t,
      at(side, { handle: () => ({ type: 'cut-response', after: 0 }) }),
    )
    await source.commit('main')
    const error = await failureOf(client.sync(request({ auth })))
    t.equal(error.code, `${side}_unreachable`)
    t.strictSame(leaks(error), [])
  }
})

const sourceResult = { 'content-type': 'application/x-git-upload-pack-result' }

/** Where our secret can be seen in an error, however one looks at it. */
function leaks(error: GitSyncError, events: readonly RunEvent[] = []): string[] {
  const secrets = [
    SECRET,
    WRONG,
    ENCODED,
    encodeURIComponent(SECRET),
    Buffer.from(`ada:${SECRET}`).toString('base64'),
  ]
  const views: [string, string][] = [
    ['inspect', inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true })],
    ['JSON', JSON.stringify(error)],
    ['message', error.message],
    ['stack', String(error.stack)],
    ['events', JSON.stringify(events)],
  ]
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    views.push(['cause', `${cause.message}\n${cause.stack}\n${JSON.stringify(cause)}`])
    views.push(['all of the cause', inspect(cause, { depth: Number.POSITIVE_INFINITY, showHidden: true })])
  }
  return views.filter(([, text]) => secrets.some((secret) => text.includes(secret))).map(([view]) => view)
}
