import type { LookupAddress } from 'node:dns'
import t, { type Test } from 'tap'
import { Client } from '../../src/index.js'
import { listen } from '../../src/local-git/loopback.js'
import { AllowedHosts } from '../../src/service/egress/allowed-hosts.js'
import { egressDispatchers } from '../../src/service/egress/dispatchers.js'
import { EgressPolicy } from '../../src/service/egress/policy.js'
import { at, stage } from '../../testing/cases/stage.js'
import { LOOPBACK, PUBLIC, resolver } from '../../testing/faults/resolver.js'
import { problemOf, serveApp } from '../../testing/processes/served-app.js'

/** A service under this policy, which can be told to ask a URL. */
async function serviceWith(t: Test, policy: EgressPolicy, names: Record<string, LookupAddress[][]> = {}) {
  const { asked, lookup } = resolver(names)
  const client = new Client({ dispatcher: egressDispatchers({ policy, lookup }) })
  const { post } = await serveApp(t, { client })
  return { asked, ask: (url: string) => post('/probe', { source: { url, followInfoRefsRedirect: true } }) }
}

/** Something on the inside that nobody must reach. */
async function secretServer(t: Test) {
  let visits = 0
  const { origin, close } = await listen((_request, response) => {
    visits++
    response.end('S3CRET')
  })
  t.teardown(close)
  return { port: new URL(origin).port, visits: () => visits }
}

async function isDenied(t: Test, response: Response, setting: RegExp) {
  t.equal(response.status, 403)
  t.match(await problemOf(response), { code: 'egress_denied', retryable: false, detail: setting })
}

for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433']) {
  t.test(`http://${host}`, async (t) => {
    const { port, visits } = await secretServer(t)
    const { asked, ask } = await serviceWith(t, new EgressPolicy('public'))
    await isDenied(t, await ask(`http://${host}:${port}/a.git`), /GITSYNC_EGRESS_POLICY=any/)
    t.strictSame([visits(), asked], [0, []])
  })
}

t.test('a name that resolves to a private address', async (t) => {
  const { port, visits } = await secretServer(t)
  const names = {
    'inside.example': [[LOOPBACK]],
    'cloud.example': [[{ address: '169.254.169.254', family: 4 }]],
    'one-of-two.example': [[PUBLIC, LOOPBACK]],
  }
  const { ask } = await serviceWith(t, new EgressPolicy('public'), names)
  for (const name of Object.keys(names)) {
    await isDenied(t, await ask(`http://${name}:${port}/a.git`), /GITSYNC_EGRESS_POLICY=any/)
  }
  t.equal(visits(), 0)
})

t.test('a name that changes its address', async (t) => {
  // Each request takes a connection of its own.
  const handle = () => ({ type: 'pass', headers: { connection: 'close' } }) as const
  const { source } = await stage(t, at('source', { handle }))
  await source.commit('main')
  /** Finds nothing wrong with the first address, as if that were public. */
  class Deceived extends EgressPolicy {
    #isFirst = true
    override checkAddresses(hostname: string, addresses: LookupAddress[]) {
      if (!this.#isFirst) super.checkAddresses(hostname, addresses)
      this.#isFirst = false
    }
  }
  const names = { 'moving.example': [[LOOPBACK], [LOOPBACK]] }
  const { asked, ask } = await serviceWith(t, new Deceived('public'), names)
  const { port, pathname } = new URL(source.url)
  await isDenied(t, await ask(`http://moving.example:${port}${pathname}`), /moving\.example/)
  t.equal(source.requests.length, asked.length - 1, 'each connection goes where its own check looked')
})

t.test('a redirect inside', async (t) => {
  const { port, visits } = await secretServer(t)
  for (const host of ['127.0.0.1', '2130706433', 'inside.example']) {
    const location = `http://${host}:${port}/a.git/info/refs?service=git-upload-pack`
    const handle = () => ({ type: 'respond', status: 302, headers: { location } }) as const
    const { source } = await stage(t, at('source', { handle }))
    const list = new AllowedHosts(`${new URL(source.url).host} inside.example`)
    const names = { 'inside.example': [[LOOPBACK]] }
    const { ask } = await serviceWith(t, new EgressPolicy('public', list), names)
    await isDenied(t, await ask(source.url), /GITSYNC_/)
    t.equal(source.proxy?.requests.length, 1)
  }
  t.equal(visits(), 0)
})
