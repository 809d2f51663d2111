import t from 'tap'
import { Agent } from 'undici'
import { Client, type ConnectionUse } from '../../../src/index.js'
import { at, failureOf, stage } from '../../../testing/cases/stage.js'
import { selfSignedCertificate } from '../../../testing/processes/certificate.js'

for (const side of ['source', 'target'] as const) {
  t.test(`a self-signed certificate of the ${side} is refused, and trying again is of no use`, async (t) => {
    const { source, target, client, request } = await stage(
      t,
      at(side, { tls: await selfSignedCertificate() }),
    )
    await source.commit('main')

    const error = await failureOf(client.sync(request()))

    t.equal(error.code, `${side}_unreachable`)
    t.notOk(error.retryable)
    t.match(error.message, `auth.${side}.skipTlsVerify`)
    t.strictSame(await target.refs(), {})
  })

  t.test(`skipTlsVerify accepts it on the ${side}, and on no other`, async (t) => {
    const tls = await selfSignedCertificate()
    const both = { source: { tls }, target: { tls } }
    const { source, target, client, request } = await stage(t, both)
    await source.commit('main')
    const other = side === 'source' ? 'target' : 'source'

    const error = await failureOf(client.sync(request({ auth: { [side]: { skipTlsVerify: true } } })))
    t.equal(error.code, `${other}_unreachable`)

    const skip = { skipTlsVerify: true }
    await client.sync(request({ auth: { source: skip, target: skip } }))
    t.strictSame(await target.soundRefs(), await source.refs())
  })
}

t.test('a certificate for another name is refused', async (t) => {
  const tls = await selfSignedCertificate(['DNS:example.org'])
  const { source, request } = await stage(t, { source: { tls } })
  await source.commit('main')
  const dispatcher = new Agent({ connect: { ca: tls.cert } })
  t.teardown(() => dispatcher.close())

  const error = await failureOf(new Client({ dispatcher }).sync(request()))

  t.equal(error.code, 'source_unreachable')
  t.notOk(error.retryable)
})

t.test('a dispatcher that knows the authority needs no leave', async (t) => {
  const tls = await selfSignedCertificate()
  const { source, target, request } = await stage(t, { source: { tls }, target: { tls } })
  await source.commit('main')
  const dispatcher = new Agent({ connect: { ca: tls.cert } })
  t.teardown(() => dispatcher.close())

  await new Client({ dispatcher }).sync(request())

  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('with a plain dispatcher skipTlsVerify is refused, and nobody is asked', async (t) => {
  const { source, target, request } = await stage(t)
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.close())
  const client = new Client({ dispatcher })

  for (const side of ['source', 'target'] as const) {
    const error = await failureOf(client.sync(request({ auth: { [side]: { skipTlsVerify: true } } })))
    t.equal(error.code, 'egress_denied')
    t.match(error.message, 'skipTlsVerify')
  }
  t.ok([...source.requests, ...target.requests].every(({ method }) => method === 'GET'))
})

t.test('a function that gives dispatchers is told the side, what to verify, and of pushes', async (t) => {
  const tls = await selfSignedCertificate()
  const { source, target, request } = await stage(t, { source: { tls } })
  await source.commit('main')
  const asked: ConnectionUse[] = []
  const agents: Agent[] = []
  t.teardown(() => Promise.all(agents.map((agent) => agent.close())))
  const client = new Client({
    dispatcher: (options) => {
      asked.push(options)
      const agent = new Agent({ connect: { rejectUnauthorized: !options.skipTlsVerify } })
      agents.push(agent)
      return agent
    },
  })

  await client.sync(request({ auth: { source: { skipTlsVerify: true } } }))

  t.strictSame(
    asked.sort((a, b) => a.role.localeCompare(b.role)),
    [
      { role: 'source', skipTlsVerify: true, isPush: false },
      { role: 'target', skipTlsVerify: false, isPush: false },
      { role: 'target', skipTlsVerify: false, isPush: true },
    ],
  )
  t.strictSame(await target.refs(), await source.refs())
})
