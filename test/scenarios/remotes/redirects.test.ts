import type { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import { type AuthProvider, Client } from '../../../src/index.js'
import { at, failureOf, stage } from '../../../testing/cases/stage.js'
import { startFakeRemote } from '../../../testing/packets/wire.js'
import { selfSignedCertificate } from '../../../testing/processes/certificate.js'

type Next = () => void

/** Sends info/refs elsewhere: the path of the repository replaced in the URL that was asked for. */
const moving =
  (location: (path: string) => string, status = 301) =>
  (request: IncomingMessage, response: ServerResponse, next: Next) => {
    if (!request.url?.startsWith('/old.git/info/refs')) return next()
    response.writeHead(status, { location: location(request.url.replace('/old.git', '')) }).end()
  }

for (const status of [301, 302, 303, 307, 308]) {
  t.test(
    `a ${status} within one origin is followed on both sides, and the calls go to the new path`,
    async (t) => {
      const intercept = moving((rest) => `/repository.git${rest}`, status)
      const { source, target, client } = await stage(t, { source: { intercept }, target: { intercept } })
      await source.commit('main')

      await client.sync({
        source: { url: source.server.url('old.git') },
        target: { url: target.server.url('old.git') },
      })

      t.strictSame(await target.soundRefs(), await source.refs())
      for (const { method, path } of [...source.requests, ...target.requests]) {
        if (method === 'POST') t.match(path, /^\/repository\.git\/git-/)
      }
    },
  )
}

for (const side of ['source', 'target'] as const) {
  t.test(`another origin of the ${side} needs followInfoRefsRedirect`, async (t) => {
    const elsewhere = await startFakeRemote((_request, response) => {
      response.writeHead(500).end()
    })
    t.teardown(elsewhere.close)
    const { source, target, client, request } = await stage(
      t,
      at(side, { intercept: moving((rest) => elsewhere.url('repository.git') + rest) }),
    )
    await source.commit('main')
    const sides = { source, target }

    const error = await failureOf(
      client.sync(
        request({ [side]: { url: sides[side].server.url('old.git') }, auth: { [side]: { token: 'x' } } }),
      ),
    )

    t.equal(error.code, 'redirect_refused')
    t.match(error.message, `${side}.followInfoRefsRedirect`)
    t.notOk(error.retryable)
    t.strictSame(elsewhere.requests, [], 'nobody there was asked')
    t.strictSame(await target.refs(), {})
  })

  t.test(
    `with it, another origin of the ${side} is used for all that follows, with the request’s auth`,
    async (t) => {
      const there = await stage(t, at(side, { auth: { username: 'git', password: 'ours' } }))
      const { client, request, source, target } = await stage(
        t,
        at(side, { intercept: moving((rest) => there[side].url + rest) }),
      )
      const sides = { source, target, [side]: there[side] }
      await sides.source.commit('main')
      const old = { url: { source, target }[side].server.url('old.git'), followInfoRefsRedirect: true }

      await client.sync(request({ [side]: old, auth: { [side]: { token: 'ours' } } }))

      t.strictSame(await sides.target.soundRefs(), await sides.source.refs())
      t.equal({ source, target }[side].requests.length, 1, 'the old place was asked once')
    },
  )

  t.test(`stored credentials are looked up anew for the ${side}’s new host`, async (t) => {
    const asked: string[] = []
    const there = await stage(t, at(side, { auth: { bearer: 'new' } }))
    const here = await stage(t, at(side, { intercept: moving((rest) => there[side].url + rest) }))
    const sides = { source: here.source, target: here.target, [side]: there[side] }
    await sides.source.commit('main')
    const oldUrl = here[side].server.url('old.git')
    const auth: AuthProvider = {
      authFor: ({ url }, role) => {
        if (role !== side) return undefined
        asked.push(url)
        return { bearerToken: url === oldUrl ? 'old' : 'new' }
      },
    }

    await new Client({ auth }).sync(here.request({ [side]: { url: oldUrl, followInfoRefsRedirect: true } }))

    t.strictSame(asked, [oldUrl, there[side].url])
    t.strictSame(
      here[side].requests.map(({ headers }) => headers.authorization),
      ['Bearer old'],
    )
    t.ok(there[side].requests.every(({ headers }) => headers.authorization === 'Bearer new'))
    t.strictSame(await sides.target.soundRefs(), await sides.source.refs())
  })
}

t.test('https to http is refused, whatever the request allows', async (t) => {
  const tls = await selfSignedCertificate()
  const plain = await stage(t)
  const { source, target, client, request } = await stage(t, {
    source: { tls, intercept: moving((rest) => plain.source.url + rest) },
  })
  await source.commit('main')
  await plain.source.commit('main')
  const url = source.server.url('old.git')

  const error = await failureOf(
    client.sync(
      request({
        source: { url, followInfoRefsRedirect: true },
        auth: { source: { skipTlsVerify: true, token: 'x' } },
      }),
    ),
  )

  t.equal(error.code, 'redirect_refused')
  t.match(error.message, /https to http/)
  t.strictSame(plain.source.requests, [])
  t.strictSame(await target.refs(), {})
})

t.test('http to https on the same host name needs no leave', async (t) => {
  const tls = await selfSignedCertificate()
  const secure = await stage(t, { source: { tls } })
  const { source, target, client, request } = await stage(t, {
    source: { intercept: moving((rest) => secure.source.url + rest) },
  })
  await secure.source.commit('main')

  await client.sync(
    request({ source: { url: source.server.url('old.git') }, auth: { source: { skipTlsVerify: true } } }),
  )

  t.strictSame(await target.soundRefs(), await secure.source.refs())
})

t.test('http to https on another host name does', async (t) => {
  const { source, client, request } = await stage(t, {
    source: { intercept: moving((rest) => `https://localhost:1/repository.git${rest}`) },
  })

  const error = await failureOf(client.sync(request({ source: { url: source.server.url('old.git') } })))

  t.equal(error.code, 'redirect_refused')
})

const calls = [
  { side: 'source', call: 'ls-refs', index: 0 },
  { side: 'source', call: 'a fetch', index: 1 },
  { side: 'target', call: 'a push', index: 0 },
] as const

for (const { side, call, index } of calls) {
  t.test(`${call} that is redirected is refused, not repeated elsewhere`, async (t) => {
    const elsewhere = await startFakeRemote((_request, response) => {
      response.writeHead(500).end()
    })
    t.teardown(elsewhere.close)
    for (const location of [elsewhere.url(), '/repository.git/git-upload-pack']) {
      const { source, target, client, request } = await stage(
        t,
        at(side, {
          handle: (info: { kind: string; index: number }) =>
            info.kind === 'call' && info.index === index
              ? { type: 'respond', status: 307, headers: { location } }
              : undefined,
        }),
      )
      await source.commit('main')
      const endpoint = { url: { source, target }[side].url, followInfoRefsRedirect: true }

      const error = await failureOf(client.sync(request({ [side]: endpoint })))

      t.equal(error.code, 'redirect_refused')
      t.strictSame(await target.refs(), {})
    }
    t.strictSame(elsewhere.requests, [])
  })
}

t.test('a circle of redirects ends', async (t) => {
  const { source, client, request } = await stage(t, {
    source: { intercept: moving((rest) => `/old.git${rest}`) },
  })

  const error = await failureOf(client.sync(request({ source: { url: source.server.url('old.git') } })))

  t.equal(error.code, 'redirect_refused')
  t.ok(source.requests.length <= 21, `${source.requests.length} requests`)
})

const nowhere = {
  'a login page': '/login?next=repository',
  'the info/refs of another service': '/repository.git/info/refs?service=git-receive-pack',
  'an URL with a password in it':
    'http://ada:secret@127.0.0.1/repository.git/info/refs?service=git-upload-pack',
  'a file': 'file:///etc/info/refs?service=git-upload-pack',
  nothing: '',
}
for (const [what, location] of Object.entries(nowhere)) {
  t.test(`a redirect to ${what} is refused`, async (t) => {
    const { source, client, request } = await stage(t, { source: { intercept: moving(() => location) } })
    const url = source.server.url('old.git')

    const error = await failureOf(client.sync(request({ source: { url, followInfoRefsRedirect: true } })))

    t.equal(error.code, 'redirect_refused')
    t.notMatch(error.message, 'secret')
  })
}

for (const side of ['source', 'target'] as const) {
  t.test(
    `stored credentials of one path of the ${side} do not follow to another, a request’s own do`,
    async (t) => {
      const intercept = moving((rest) => `/repository.git${rest}`)
      const { source, target, request } = await stage(t, at(side, { intercept }))
      await source.commit('main')
      const here = { source, target }[side]
      const oldUrl = here.server.url('old.git')
      const asked: string[] = []
      const auth: AuthProvider = {
        authFor: ({ url }, role) => {
          if (role !== side) return undefined
          asked.push(url)
          return url === oldUrl ? { bearerToken: 'of-the-old-path' } : undefined
        },
      }

      await new Client({ auth }).sync(request({ [side]: { url: oldUrl } }))

      t.strictSame(asked, [oldUrl, here.server.url('repository.git')])
      const sent = here.requests.map(({ headers }) => headers.authorization)
      t.strictSame(new Set(sent.slice(1)), new Set([undefined]))
      t.equal(sent[0], 'Bearer of-the-old-path')

      here.server.resetRequests()
      await target.setRefs({})
      const own = { [side]: { bearerToken: 'of-the-request' } }
      await new Client({ auth }).sync(request({ [side]: { url: oldUrl }, auth: own }))
      t.ok(here.requests.every(({ headers }) => headers.authorization === 'Bearer of-the-request'))
      t.equal(asked.length, 2)
    },
  )
}
