import type { LookupAddress } from 'node:dns'
import { getDefaultAutoSelectFamily, setDefaultAutoSelectFamily } from 'node:net'
import t, { type Test } from 'tap'
import { Client, type GitSyncError } from '../../../src/index.js'
import { listen } from '../../../src/local-git/loopback.js'
import { AllowedHosts } from '../../../src/service/egress/allowed-hosts.js'
import { type EgressOptions, egressDispatchers } from '../../../src/service/egress/dispatchers.js'
import { EgressPolicy } from '../../../src/service/egress/policy.js'
import { at, failureOf, stage } from '../../../testing/cases/stage.js'
import { LOOPBACK, PUBLIC, resolver } from '../../../testing/faults/resolver.js'
import { selfSignedCertificate } from '../../../testing/processes/certificate.js'

function clientWith(options: EgressOptions): Client {
  return new Client({ dispatcher: egressDispatchers(options) })
}

function probe(client: Client, url: string, more = {}): Promise<unknown> {
  return client.probe({ source: { url, ...more } })
}

/** A server that must not be reached. */
async function inside(t: Test) {
  const seen: string[] = []
  const { origin, close } = await listen((request, response) => {
    seen.push(`${request.method} ${request.headers.host}`)
    response.end()
  })
  t.teardown(close)
  return { seen, origin, port: new URL(origin).port }
}

function refused(t: Test, error: GitSyncError, why: RegExp) {
  t.match(error, { code: 'egress_denied', retryable: false, message: why })
}

t.test('an address in a URL, however it is written, is refused before anyone connects', async (t) => {
  const { seen, port } = await inside(t)
  const client = clientWith({ policy: new EgressPolicy('public') })
  const hosts = [
    '127.0.0.1',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
    '①②⑦.0.0.1',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
  ]
  for (const host of hosts) {
    const error = await failureOf(probe(client, `http://${host}:${port}/a.git`))
    refused(t, error, /GITSYNC_EGRESS_POLICY=any would allow it/)
  }
  t.strictSame(seen, [])
})

t.test('a name that resolves to a private address', async (t) => {
  const { seen, port } = await inside(t)
  const { lookup } = resolver({
    'inside.example': [[LOOPBACK]],
    'mixed.example': [[PUBLIC, LOOPBACK]],
    'mapped.example': [[{ address: '::ffff:127.0.0.1', family: 6 }]],
    localhost: [[LOOPBACK]],
  })
  const client = clientWith({ policy: new EgressPolicy('public'), lookup })
  for (const host of ['inside.example', 'mixed.example', 'mapped.example', 'localhost', 'LOCALHOST']) {
    const error = await failureOf(probe(client, `http://${host}:${port}/a.git`))
    refused(t, error, new RegExp(`forbids ${host.toLowerCase()}: .*GITSYNC_EGRESS_POLICY=any`))
  }
  t.strictSame(seen, [])
})

t.test('a name that does not exist is not an egress problem', async (t) => {
  const { lookup } = resolver({})
  const error = await failureOf(
    probe(clientWith({ policy: new EgressPolicy('public'), lookup }), 'http://no.example/a'),
  )
  t.match(error, { code: 'source_unreachable', retryable: false })
})

t.test(
  'a name that resolves differently each time: each connection goes to the address that was checked',
  async (t) => {
    const { source, target, request } = await stage(t)
    await source.commit('main')
    const port = new URL(target.url).port
    /** Nothing forbids loopback here but its second address, which the name has when the push begins. */
    class Strict extends EgressPolicy {
      override checkAddresses(hostname: string, addresses: LookupAddress[]) {
        const isSecond = addresses.some(({ address }) => address === '127.0.0.2')
        super.checkAddresses(hostname, isSecond ? [{ address: '127.0.0.2' }] : [PUBLIC])
      }
      override checkHost() {}
    }
    const { asked, lookup } = resolver({
      'moving.example': [[LOOPBACK], [{ address: '127.0.0.2', family: 4 }]],
    })
    const client = clientWith({ policy: new Strict('public'), lookup })
    const url = `http://moving.example:${port}${new URL(target.url).pathname}`
    const error = await failureOf(client.sync(request({ target: { url } })))
    refused(t, error, /moving\.example/)
    t.strictSame(asked, ['moving.example', 'moving.example'], 'one lookup a connection')
    t.strictSame(
      target.requests.map(({ method, path }) => `${method} ${path}`),
      ['GET /repository.git/info/refs'],
      'the first connection was made, to the address that was checked',
    )
    t.strictSame(await target.refs(), {})
  },
)

t.test('a redirect inside', async (t) => {
  const { seen, port } = await inside(t)
  const { lookup } = resolver({ 'inside.example': [[LOOPBACK]] })
  for (const host of ['127.0.0.1', 'inside.example', '169.254.169.254', '[::1]']) {
    const location = `http://${host}:${port}/a.git/info/refs?service=git-upload-pack`
    const { source } = await stage(
      t,
      at('source', { handle: () => ({ type: 'respond', status: 302, headers: { location } }) }),
    )
    const list = `${new URL(source.url).host}, inside.example`
    const client = clientWith({ policy: new EgressPolicy('public', new AllowedHosts(list)), lookup })
    const error = await failureOf(probe(client, source.url, { followInfoRefsRedirect: true }))
    refused(t, error, host === 'inside.example' ? /GITSYNC_EGRESS_POLICY=any/ : /GITSYNC_ALLOWED_HOSTS/)
    t.equal(source.proxy?.requests.length, 1)
  }
  t.strictSame(seen, [])
})

t.test('a whole sync where the hosts are listed', async (t) => {
  const { source, target, request } = await stage(t)
  await source.commit('main')
  const list = [source, target].map(({ url }) => new URL(url).host).join(',')
  await clientWith({ policy: new EgressPolicy('public', new AllowedHosts(list)) }).sync(request())
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('where Node tries one address only, that one was checked', async (t) => {
  const isUsual = getDefaultAutoSelectFamily()
  setDefaultAutoSelectFamily(false)
  t.teardown(() => setDefaultAutoSelectFamily(isUsual))
  const { source } = await stage(t)
  await source.commit('main')
  const { lookup } = resolver({ 'git.example': [[LOOPBACK]] })
  const url = source.url.replace('127.0.0.1', 'git.example')
  t.match(await probe(clientWith({ policy: new EgressPolicy('any'), lookup }), url), { refs: [{}] })
  refused(
    t,
    await failureOf(probe(clientWith({ policy: new EgressPolicy('public'), lookup }), url)),
    /loopback/,
  )
})

t.test('unverified TLS needs a setting of its own', async (t) => {
  const { source } = await stage(t, at('source', { tls: await selfSignedCertificate() }))
  await source.commit('main')
  const policy = new EgressPolicy('any')
  const ask = (client: Client) =>
    client.probe({ source: { url: source.url }, auth: { source: { skipTlsVerify: true } } })
  const error = await failureOf(ask(clientWith({ policy })))
  refused(t, error, /^auth\.source\.skipTlsVerify is not allowed here: GITSYNC_ALLOW_INSECURE_TLS=true/)
  t.match(await ask(clientWith({ policy, allowInsecureTls: true })), { refs: [{ name: 'refs/heads/main' }] })
  const plain = await failureOf(probe(clientWith({ policy, allowInsecureTls: true }), source.url))
  t.match(plain, { code: 'source_unreachable', message: /certificate/ })
})
