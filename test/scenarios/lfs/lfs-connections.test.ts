import { randomBytes } from 'node:crypto'
import t from 'tap'
import { egressDispatchers } from '../../../src/service/egress/dispatchers.js'
import { EgressPolicy } from '../../../src/service/egress/policy.js'
import { failureOf } from '../../../testing/cases/stage.js'
import { startConnectProxy } from '../../../testing/faults/connect-proxy.js'
import { lfsStage } from '../../../testing/lfs/lfs-stage.js'
import { selfSignedCertificate } from '../../../testing/processes/certificate.js'

t.test('LFS servers and their storage are reached by TLS, whose certificates are checked', async (t) => {
  const tls = await selfSignedCertificate()
  const { source, target, client, to, request, commit } = await lfsStage(t, {
    sourceLfs: { tls, hasOwnStorage: true },
    targetLfs: { tls, hasOwnStorage: true },
  })
  await commit(randomBytes(1000), randomBytes(300_000))
  const error = await failureOf(client.sync(request()))
  t.match(error, { code: 'target_unreachable', retryable: false, message: /certificate/ })
  t.strictSame(await target.refs(), {})

  const trusting = { source: { skipTlsVerify: true }, target: { skipTlsVerify: true } }
  t.match((await client.sync(request(undefined, { auth: trusting }))).lfs, { moved: 2, missing: 0 })
  t.equal(to.objects.size, 2)
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('LFS servers and their storage are reached through a proxy', async (t) => {
  const proxy = await startConnectProxy(t)
  const proxies = { httpProxy: `http://user:pass@${proxy.host}`, httpsProxy: '', noProxy: '' }
  const dispatcher = egressDispatchers({ policy: new EgressPolicy('any'), proxies })
  const { source, target, client, from, to, request, commit } = await lfsStage(t, {
    client: { dispatcher },
    sourceLfs: { hasOwnStorage: true },
    targetLfs: { hasOwnStorage: true },
  })
  await commit(randomBytes(1000), randomBytes(300_000))
  t.match((await client.sync(request())).lfs, { moved: 2, missing: 0 })
  const tunnels = new Set(proxy.tunnels.map(({ to }) => to))
  for (const url of [from.url, to.url, from.storageOrigin, to.storageOrigin]) {
    t.ok(tunnels.has(new URL(url).host), url)
  }
  t.strictSame(await target.soundRefs(), await source.refs())
})
