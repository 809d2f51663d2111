import t, { type Test } from 'tap'
import { Client } from '../../../src/index.js'
import { AllowedHosts } from '../../../src/service/egress/allowed-hosts.js'
import { egressDispatchers } from '../../../src/service/egress/dispatchers.js'
import type { Lookup } from '../../../src/service/egress/guard.js'
import { EgressPolicy } from '../../../src/service/egress/policy.js'
import { at, failureOf, type SideOptions, stage } from '../../../testing/cases/stage.js'
import { startConnectProxy } from '../../../testing/faults/connect-proxy.js'
import { LOOPBACK, PUBLIC, resolver } from '../../../testing/faults/resolver.js'
import { selfSignedCertificate } from '../../../testing/processes/certificate.js'

interface Setup {
  lookup?: Lookup
  list?: string
  noProxy?: string
  source?: SideOptions
}

/** A source that can be had through a proxy alone, under whatever name, by a client that goes through it. */
async function behindProxy(t: Test, { lookup, list, noProxy = '', source: options = {} }: Setup) {
  const proxy = await startConnectProxy(t)
  const { source, target, request } = await stage(t, at('source', options))
  await source.commit('main')
  const { protocol, port, pathname } = new URL(source.url)
  const proxyUrl = `http://user:pa%40ss@${proxy.host}`
  const dispatcher = egressDispatchers({
    policy: new EgressPolicy('public', list === undefined ? undefined : new AllowedHosts(list)),
    allowInsecureTls: true,
    proxies: { httpProxy: proxyUrl, httpsProxy: proxyUrl, noProxy },
    ...(lookup && { lookup }),
  })
  const client = new Client({ dispatcher })
  const urlAt = (host: string) => `${protocol}//${host}:${port}${pathname}`
  return { proxy, source, target, request, client, port, urlAt }
}

t.test('a public name goes through the proxy, whose own address is exempt', async (t) => {
  const { lookup } = resolver({ 'git.example': [[PUBLIC]] })
  const { proxy, source, target, client, port, urlAt } = await behindProxy(t, { lookup })
  const url = (side: { url: string }) => urlAt('git.example').replace(port, new URL(side.url).port)
  await client.sync({ source: { url: url(source) }, target: { url: url(target) } })
  t.strictSame(await target.soundRefs(), await source.refs())
  const ports = [source, target].map(({ url }) => new URL(url).port)
  const reached = new Set(proxy.tunnels.map(({ to }) => to))
  t.strictSame([...reached].sort(), ports.map((port) => `git.example:${port}`).sort())
  const authorization = `Basic ${Buffer.from('user:pa@ss').toString('base64')}`
  t.ok(proxy.tunnels.every((tunnel) => tunnel.authorization === authorization))
  t.ok(
    [...source.requests, ...target.requests].every(({ headers }) => !('proxy-authorization' in headers)),
    'what is for the proxy stays there',
  )
})

t.test('TLS goes through it as well, checked or, where asked, not', async (t) => {
  const { lookup } = resolver({ 'git.example': [[PUBLIC]] })
  const tls = await selfSignedCertificate(['DNS:other.example'])
  const { client, urlAt } = await behindProxy(t, { lookup, source: { tls } })
  const source = { url: urlAt('git.example') }
  t.match(await failureOf(client.probe({ source })), { code: 'source_unreachable', message: /certificate/ })
  const auth = { source: { skipTlsVerify: true } }
  t.match(await client.probe({ source, auth }), { refs: [{ name: 'refs/heads/main' }] })
})

t.test('the policy is asked before the proxy is', async (t) => {
  const { lookup } = resolver({ 'inside.example': [[LOOPBACK]], 'mixed.example': [[PUBLIC, LOOPBACK]] })
  const { proxy, client, urlAt } = await behindProxy(t, { lookup })
  for (const host of [
    '127.0.0.1',
    '[::1]',
    '2130706433',
    'inside.example',
    'mixed.example',
    'unknown.example',
  ]) {
    const error = await failureOf(client.probe({ source: { url: urlAt(host) } }))
    const why = host === 'unknown.example' ? /list it in GITSYNC_ALLOWED_HOSTS/ : /GITSYNC_EGRESS_POLICY=any/
    t.match(error, { code: 'egress_denied', message: why }, host)
  }
  t.strictSame(proxy.tunnels, [])
})

t.test('a listed name that does not resolve here is left to the proxy, another is not', async (t) => {
  const { lookup } = resolver({ 'other.example': [[PUBLIC]] })
  const { proxy, client, port, urlAt } = await behindProxy(t, { lookup, list: '*.corp, 127.0.0.1' })
  t.match(await client.probe({ source: { url: urlAt('git.corp') } }), { refs: [{ name: 'refs/heads/main' }] })
  t.match(
    await client.probe({ source: { url: urlAt('127.0.0.1') } }),
    { refs: [{}] },
    'nor is a listed address',
  )
  const reached = new Set(proxy.tunnels.map(({ to }) => to))
  t.strictSame([...reached], [`git.corp:${port}`, `127.0.0.1:${port}`])
  const error = await failureOf(client.probe({ source: { url: urlAt('other.example') } }))
  t.match(error, { code: 'egress_denied', message: /GITSYNC_ALLOWED_HOSTS does not list it/ })
})

t.test('hosts that NO_PROXY names are dialled here, under the same policy', async (t) => {
  const { lookup } = resolver({ 'inside.example': [[LOOPBACK]] })
  const setup = { lookup, noProxy: '127.0.0.1,inside.example', list: '127.0.0.1,inside.example' }
  const { proxy, client, urlAt } = await behindProxy(t, setup)
  t.match(await client.probe({ source: { url: urlAt('127.0.0.1') } }), { refs: [{}] })
  const error = await failureOf(client.probe({ source: { url: urlAt('inside.example') } }))
  t.match(error, { code: 'egress_denied', message: /GITSYNC_EGRESS_POLICY=any/ })
  t.strictSame(proxy.tunnels, [])
})
