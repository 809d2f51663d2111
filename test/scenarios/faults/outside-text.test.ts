import { once } from 'node:events'
import { createServer } from 'node:net'
import { inspect } from 'node:util'
import t from 'tap'
import {
  type AuthProvider,
  Client,
  GitSyncError,
  type RunEvent,
  type SyncRequest,
} from '../../../src/index.js'
import { failureOf, stage } from '../../../testing/cases/stage.js'
import type { RequestInfo } from '../../../testing/faults/proxy.js'
import type { Action } from '../../../testing/faults/proxy-actions.js'
import { injecting } from '../../../testing/faults/response-faults.js'
import { readPush } from '../../../testing/packets/packets.js'
import { band, FLUSH, pkt, startFakeRemote } from '../../../testing/packets/wire.js'

// What a remote says is redacted once, where it comes in, and before anything cuts it.

const TOKENS = { source: 'src/T0ken+of=odd~chars%1', target: 'tgt-S3cret:of/more?chars' }
const basic = (token: string) => Buffer.from(`git:${token}`).toString('base64')
const auth = { source: { token: TOKENS.source }, target: { token: TOKENS.target } }
const secrets = Object.values(TOKENS).flatMap((token) => [token, basic(token), encodeURIComponent(token)])
/** Of each secret, all that is eight letters long. */
const parts = secrets.flatMap((secret) =>
  [...secret.slice(7)].map((_, at) => secret.slice(at, at + 8).toLowerCase()),
)

type Answer = (info: RequestInfo) => Action | undefined | Promise<Action | undefined>
let answers: Partial<Record<'source' | 'target', Answer>> = {}
const { source, target, client, request } = await stage(t, {
  source: { handle: (info) => answers.source?.(info) },
  target: { handle: (info) => answers.target?.(info) },
})
await source.commit('main')
const tip = (await source.refs())['refs/heads/main'] as string

/** A run whose remotes answer so: the code that it ends with, and the secrets that show anywhere. */
async function outcome(how: typeof answers, overrides: Partial<SyncRequest> = {}, of: Client = client) {
  answers = how
  source.proxy?.resetRequests()
  target.proxy?.resetRequests()
  const events: RunEvent[] = []
  const packets: string[] = []
  const ended: unknown = await of
    .sync(request({ auth, ...overrides }), {
      onEvent: (event) => events.push(event),
      onPacket: ({ text }) => packets.push(text),
    })
    .catch((error: unknown) => error)
  answers = {}
  if (!(ended instanceof Error)) await target.setRefs({})
  const shown = [
    inspect(ended, { depth: null, showHidden: true }),
    JSON.stringify([ended, events]),
    stackOf(ended),
  ]
  const traced = packets.join('\n')
  const leaked = parts.filter((part) => [...shown, traced].some((text) => text.toLowerCase().includes(part)))
  return {
    code: ended instanceof GitSyncError ? ended.code : undefined,
    leaked: leaked.join(),
    shown: shown.join('\n'),
    events,
    ended,
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? `${error.stack}\n${stackOf(error.cause)}` : ''
}

const on =
  (kind: string, index: number, action: Action): Answer =>
  (info) =>
    info.kind === kind && info.index === index ? action : undefined
const respond = (status: number, headers: Record<string, string>, body: string | Buffer = ''): Action => ({
  type: 'respond',
  status,
  headers,
  body,
})
const SERVICES = { source: 'git-upload-pack', target: 'git-receive-pack' }
const result = (side: 'source' | 'target') => `application/x-${SERVICES[side]}-result`
const advertisement = (side: 'source' | 'target') => `application/x-${SERVICES[side]}-advertisement`

for (const side of ['source', 'target'] as const) {
  const token = TOKENS[side]
  const encoded = basic(token)

  t.test(
    `headers of the ${side} that echo a secret do not show it, on a listing and on a call`,
    async (t) => {
      for (const kind of ['info-refs', 'call']) {
        const right = kind === 'call' ? result(side) : advertisement(side)
        for (const said of [token, encoded.replace(/=+$/, '')]) {
          const type = respond(200, { 'content-type': `text/${said}` })
          t.match(await outcome({ [side]: on(kind, 0, type) }), {
            code: `${side}_protocol_error`,
            leaked: '',
          })
          const encoding = respond(200, { 'content-type': right, 'content-encoding': said })
          t.match(await outcome({ [side]: on(kind, 0, encoding) }), {
            code: `${side}_protocol_error`,
            leaked: '',
          })
          const id = respond(500, { 'x-request-id': said })
          const { code, leaked, shown } = await outcome({ [side]: on(kind, 0, id) })
          t.strictSame([code, leaked], [`${side}_unavailable`, ''])
          t.match(shown, 'request id: [redacted]')
        }
      }
    },
  )

  t.test(`where an error of the ${side} is cut, no part of a secret stays`, async (t) => {
    for (const length of [180, 285]) {
      const said = `${'x'.repeat(length)} ${encoded} ${token}`
      for (const [type, body] of [
        [advertisement(side), pkt(`ERR ${said}\n`)],
        [advertisement(side), pkt(`${said}\n`)],
        [advertisement(side), Buffer.concat([pkt(`# service=x\n`), FLUSH, pkt(`ERR ${said}`)])],
      ] as const) {
        const { code, leaked } = await outcome({
          [side]: on('info-refs', 0, respond(200, { 'content-type': type }, body)),
        })
        t.strictSame([code, leaked], [`${side}_protocol_error`, ''], `${length}`)
      }
    }
  })

  t.test(`where a refusal of the ${side} is cut, no part of a secret stays`, async (t) => {
    for (const length of [285, 32 * 1024 - 20]) {
      for (const said of [token, encoded, `${token} `.repeat(4000)]) {
        const words = `${' '.repeat(length)}${said}`
        for (const [type, body] of [
          ['text/plain', words],
          ['application/json', JSON.stringify({ message: words })],
          ['text/html', `<h1>${words}</h1>`],
        ] as const) {
          const { code, leaked } = await outcome({
            [side]: on('info-refs', 0, respond(403, { 'content-type': type }, body)),
          })
          t.strictSame([code, leaked], [`${side}_unauthorized`, ''], `${type} ${length}`)
        }
      }
    }
    const escaped = [...token].map((letter) => `&#${letter.charCodeAt(0)};`).join('')
    const page = respond(403, { 'content-type': 'text/html' }, `<p>you are ${escaped}</p>`)
    t.match(await outcome({ [side]: on('info-refs', 0, page) }), {
      leaked: '',
      shown: /you are \[redacted\]/,
    })
  })

  t.test(
    `a list of the ${side} that has a secret in it is refused, names, HEAD and capabilities alike`,
    async (t) => {
      // Characters that names may have.
      const named = { token: 'S3cret-of+names/all' }
      const head = `${side === 'source' ? 'multi_ack thin-pack side-band-64k' : 'report-status delete-refs'} agent=git/2`
      const list = (name: string, capabilities = '') =>
        respond(
          200,
          { 'content-type': advertisement(side) },
          Buffer.concat([
            pkt(`${tip} refs/heads/a${name}\0${head}${capabilities}\n`),
            pkt(`${tip} refs/heads/main\n`),
            FLUSH,
          ]),
        )
      for (const action of [
        list(named.token),
        list(basic(named.token).replace(/=+$/, '')),
        list('', ` session-id=${named.token}`),
        list('', ` symref=HEAD:refs/heads/${named.token}`),
      ]) {
        const { ended, shown, events } = await outcome(
          { [side]: on('info-refs', 0, action) },
          { auth: { source: named, target: named } },
        )
        t.match(ended, {
          code: `${side}_protocol_error`,
          message: /has a secret of this run in it: .*replace/,
        })
        t.notMatch(shown, named.token)
        t.notMatch(shown, basic(named.token).replace(/=+$/, ''))
        t.notOk(events.some((event) => event.type === 'discovered' && event.side === side))
        t.strictSame(await target.refs(), {})
      }
    },
  )
}

t.test('a name that has a secret in it is found in a listing of protocol v2 too', async (t) => {
  const token = 'S3cret-of-names'
  const listed = Buffer.concat([pkt(`${tip} refs/heads/${token}\n`), FLUSH])
  const { ended, shown } = await outcome(
    { source: on('call', 0, respond(200, { 'content-type': result('source') }, listed)) },
    { auth: { source: { token } } },
  )
  t.match(ended, { code: 'source_protocol_error', message: /secret/ })
  t.notMatch(shown, token)
})

t.test('a short token is no reason to refuse a list', async (t) => {
  const { ended } = await outcome({}, { auth: { source: { token: 'main' }, target: { token: 'refs' } } })
  t.match(ended, { counts: { applied: 1 }, refs: [{ targetRef: 'refs/heads/main' }] })
})

t.test('lines of band 2 are whole before they are redacted, and redacted before they are cut', async (t) => {
  const encoded = basic(TOKENS.source)
  for (const length of [0, 980, 16 * 1024 - 30]) {
    const line = Buffer.from(`${'.'.repeat(length)} ${encoded} ${TOKENS.source} ${TOKENS.target}\n`)
    const packets: Buffer[] = []
    for (let at = 0; at < line.length; at += 17) packets.push(band(2, line.subarray(at, at + 17)))
    const { code, leaked, events } = await outcome({
      source: ({ kind, index }) =>
        kind === 'call' && index === 1
          ? { type: 'rewrite', transform: injecting(Buffer.concat(packets), 'after-first-data') }
          : undefined,
    })
    t.strictSame([code, leaked], [undefined, ''], `${length}`)
    const said = events.find(
      (event) => event.type === 'remote' && event.text.startsWith(length === 0 ? '[' : '....'),
    )
    t.ok(said, 'the line is shown')
    if (length === 0) t.match(said, { text: '[redacted] [redacted] [redacted]' }, 'the secrets of both sides')
  }
})

t.test('so are the reasons of a report, and fatal words', async (t) => {
  for (const length of [0, 185]) {
    const said = `${'x'.repeat(length)} ${basic(TOKENS.target)} ${TOKENS.target}`
    const reporting =
      (unpack: string): Answer =>
      async ({ kind, body }) => {
        if (kind !== 'call') return undefined
        const { commands } = readPush(await body())
        const lines = [
          pkt(`unpack ${unpack}\n`),
          ...commands.map(({ ref }) => pkt(`ng ${ref} ${said}\n`)),
          FLUSH,
        ]
        return respond(
          200,
          { 'content-type': result('target') },
          Buffer.concat([band(1, Buffer.concat(lines)), FLUSH]),
        )
      }
    const fatal = () => injecting(band(3, said), 'after-first-data')
    const outcomes = [
      await outcome({ target: reporting('ok') }),
      await outcome({ target: reporting(said) }),
      await outcome({
        source: ({ kind, index }) =>
          kind === 'call' && index === 1 ? { type: 'rewrite', transform: fatal() } : undefined,
      }),
    ]
    for (const { code, leaked } of outcomes)
      t.match([code, leaked], [/^ref_rejected$|_protocol_error$/, ''], `${length}`)
  }
})

t.test('the secret of a former origin, or path, is still known after a redirect', async (t) => {
  const asked: string[] = []
  const there = await startFakeRemote((_request, response) => {
    response.writeHead(403, { 'content-type': 'text/plain' }).end(`sent by FORMER-T0ken and LATER-T0ken`)
  })
  t.teardown(there.close)
  const provider: AuthProvider = {
    authFor: ({ url }, role) => {
      if (role === 'target') return undefined
      asked.push(url)
      return { bearerToken: url === source.url ? 'FORMER-T0ken' : 'LATER-T0ken' }
    },
  }
  const location = `${there.url('other.git')}/info/refs?service=git-upload-pack`
  const { ended } = await outcome(
    { source: on('info-refs', 0, respond(302, { location })) },
    { source: { url: source.url, followInfoRefsRedirect: true }, auth: {} },
    new Client({ auth: provider }),
  )
  t.match(ended, { code: 'source_unauthorized', message: /sent by \[redacted\] and \[redacted\]/ })
  t.strictSame(asked, [source.url, there.url('other.git')])
})

t.test('a redirect whose URL has a secret in it does not show it', async (t) => {
  const token = TOKENS.source
  const inHost = encodeURIComponent(token).replaceAll('%', '').slice(0, 30)
  const own = { auth: { source: { token: inHost } } }
  for (const location of [
    `https://${inHost}.example/x.git/info/refs?service=git-upload-pack`,
    `https://${inHost.toUpperCase()}.example/login`,
    `/${inHost.slice(0, 9)}\t${inHost.slice(9)}/x`,
    `http://127.0.0.1:1/${inHost}/info/refs?service=git-upload-pack`,
  ]) {
    for (const followInfoRefsRedirect of [false, true]) {
      if (followInfoRefsRedirect && location.startsWith('https')) continue
      const { code, shown } = await outcome(
        { source: on('info-refs', 0, respond(302, { location })) },
        { ...own, source: { url: source.url, followInfoRefsRedirect } },
      )
      t.match(code, /redirect_refused|source_unreachable/, location)
      t.notOk(shown.toLowerCase().includes(inHost.toLowerCase()), location)
    }
  }
})

t.test('what cannot be parsed as HTTP is not kept with secrets in it', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(`${TOKENS.source} HTTP nonsense ${basic(TOKENS.source)}\r\n\r\n`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const { code, leaked } = await outcome({}, { source: { url: `http://127.0.0.1:${port}/x.git` } })
  t.strictSame([code, leaked], ['source_protocol_error', ''])
})

t.test('a token of one letter leaves the words of others and our own alone', async (t) => {
  const said = 'see https://login.example.com/x for max, not x.'
  const refusal = respond(403, { 'content-type': 'text/plain' }, said)
  for (const token of ['x', 'e', 'source']) {
    answers = { source: on('info-refs', 0, refusal) }
    source.proxy?.resetRequests()
    const { message } = await failureOf(client.plan(request({ auth: { source: { token } } })))
    t.match(message, 'The source responded with 403')
    t.match(message, 'see https://login.example.com/x for max, not ')
    t.equal(message.includes('not [redacted].'), token === 'x')
  }
  answers = {}
})
