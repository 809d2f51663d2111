import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { ProxyAgent } from 'undici'
import { Client } from '../../../src/index.js'
import { egressDispatchers } from '../../../src/service/egress/dispatchers.js'
import { EgressPolicy } from '../../../src/service/egress/policy.js'
import { failureOf, stage } from '../../../testing/cases/stage.js'
import { startConnectProxy } from '../../../testing/faults/connect-proxy.js'
import { onHead, startRawServer } from '../../../testing/faults/raw-server.js'
import { PUBLIC } from '../../../testing/faults/resolver.js'
import { gitEnv } from '../../../testing/git/git.js'
import { cli, gitSync } from '../../../testing/processes/command.js'
import { startService } from '../../../testing/processes/service-process.js'

const saying = (words: string) => (socket: Socket) => onHead(socket, () => socket.end(words))

interface Fault {
  name: string
  does: (socket: Socket) => void
  code?: string
  retryable: boolean
  message: RegExp
}

const faults: Fault[] = [
  {
    name: 'hangs up at once',
    does: (socket) => socket.destroy(),
    retryable: true,
    message: /closed the connection/,
  },
  { name: 'hangs up after CONNECT', does: saying(''), retryable: true, message: /closed the connection/ },
  {
    name: 'resets after CONNECT',
    does: (socket) => onHead(socket, () => socket.resetAndDestroy()),
    retryable: true,
    message: /closed the connection|ECONNRESET/,
  },
  {
    name: 'hangs up in its head',
    does: saying('HTTP/1.1 200'),
    retryable: true,
    message: /closed the connection/,
  },
  {
    name: 'says 100 alone',
    does: saying('HTTP/1.1 100 Continue\r\n\r\n'),
    retryable: true,
    message: /closed/,
  },
  { name: 'speaks garbage', does: saying('SSH-2.0-x\r\n'), retryable: false, message: /does not speak HTTP/ },
  {
    name: 'sends headers without end',
    does: saying(`HTTP/1.1 200 OK\r\n${`X: ${'a'.repeat(1000)}\r\n`.repeat(100)}`),
    retryable: false,
    message: /more than 64 KiB/,
  },
  ...[
    [407, false, /credentials .*HTTP 407.*HTTP_PROXY/],
    [403, false, /forbids this connection \(HTTP 403\).*NO_PROXY/],
    [404, false, /responded to CONNECT with HTTP 404/],
    [302, false, /responded to CONNECT with HTTP 302/],
    [502, true, /responded to CONNECT with HTTP 502/],
    [503, true, /responded to CONNECT with HTTP 503/],
    [429, true, /responded to CONNECT with HTTP 429/],
  ].map(([status, retryable, message]) => ({
    name: `answers ${status}`,
    does: saying(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`),
    retryable: retryable as boolean,
    message: message as RegExp,
  })),
  {
    name: 'opens the tunnel and closes it',
    does: saying('HTTP/1.1 200 OK\r\n\r\n'),
    retryable: true,
    message: /cannot be reached/,
  },
  {
    name: 'opens the tunnel and has the response to no request in it',
    does: (socket) => onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 Bad\r\n\r\n')),
    retryable: true,
    message: /every connection was lost before the request could be sent/,
  },
]

function clientBehind(host: string): Client {
  const proxies = { httpProxy: `http://user:pa55word@${host}`, httpsProxy: '', noProxy: '' }
  const dispatcher = egressDispatchers({
    policy: new EgressPolicy('any'),
    proxies,
    lookup: async () => [PUBLIC],
  })
  return new Client({ dispatcher, stallTimeout: 5_000 })
}

t.test(
  'a proxy that is in the way says so, costs few connections, and its credentials show nowhere',
  async (t) => {
    for (const { name, does, retryable, message } of faults) {
      const proxy = await startRawServer(t, does)
      const error = await failureOf(
        clientBehind(proxy.host).probe({ source: { url: 'http://git.example/a' } }),
      )
      t.match(error, { code: 'source_unreachable', retryable, message }, name)
      t.ok(proxy.connections <= 3, `${proxy.connections} connections`)
      await proxy.idle()
      t.notMatch(`${error.message} ${error.stack} ${String(error.cause)}`, /pa55word|dXNlcjpwYTU1d29yZA/)
    }
  },
)

t.test('a proxy that does not exist', async (t) => {
  const cases: [string, boolean, RegExp][] = [
    ['127.0.0.1:1', true, /the proxy 127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/],
    [
      'nowhere.invalid:3128',
      false,
      /the proxy nowhere\.invalid:3128 cannot be reached: its host name does not exist/,
    ],
  ]
  for (const [host, retryable, message] of cases) {
    const error = await failureOf(clientBehind(host).probe({ source: { url: 'http://git.example/a' } }))
    t.match(error, { code: 'source_unreachable', retryable, message })
  }
})

/** A proxy whose tunnel opens only after these heads. */
async function slowlyOpening(t: Test, before: string) {
  const { host } = await startConnectProxy(t)
  return startRawServer(t, (socket) => {
    const [name = '', port = ''] = host.split(':')
    const onward = connect(Number(port), name).on('error', () => socket.destroy())
    socket.write(before)
    socket.pipe(onward).pipe(socket)
  })
}

t.test('a proxy that says 100 and 103 before its 200 is gone through', async (t) => {
  const { source } = await stage(t)
  await source.commit('main')
  const proxy = await slowlyOpening(t, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 103 Early\nX: y\n\n')
  const { port, pathname } = new URL(source.url)
  const url = `http://git.example:${port}${pathname}`
  t.match(await clientBehind(proxy.host).probe({ source: { url } }), { refs: [{ name: 'refs/heads/main' }] })
})

t.test('undici’s own ProxyAgent, brought by a caller, is understood', async (t) => {
  const proxy = await startRawServer(t, saying('HTTP/1.1 407 No\r\n\r\n'))
  const dispatcher = new ProxyAgent(`http://${proxy.host}`)
  t.teardown(() => dispatcher.destroy())
  const error = await failureOf(new Client({ dispatcher }).probe({ source: { url: 'http://git.example/a' } }))
  t.match(error, { code: 'source_unreachable', retryable: false, message: /HTTP 407/ })
})

t.test('the command line: a scheme is not needed, broken proxies and silent ones end it', async (t) => {
  const { source } = await stage(t)
  await source.commit('main')
  const good = await startConnectProxy(t)
  const args = ['probe', source.url]
  const probed = await gitSync(args, { env: { HTTP_PROXY: good.host } })
  t.equal(probed.status, 0, probed.stderr)
  t.equal(good.tunnels[0]?.to, new URL(source.url).host)

  const broken = await startRawServer(t, saying(''))
  const ended = await gitSync(args, { env: { http_proxy: `user:pa55@${broken.host}` } })
  t.equal(ended.status, 1)
  t.match(ended.stderr, /the proxy 127\.0\.0\.1:\d+ closed the connection/)
  t.notMatch(ended.stderr, /pa55/)

  const wrong = await gitSync(args, { env: { HTTP_PROXY: 'socks5://u:pa55@localhost' } })
  t.equal(wrong.status, 2)
  t.match(wrong.stderr, /HTTP_PROXY must be host:port, or an http:\/\/ or https:\/\/ URL/)
  t.notMatch(wrong.stderr, /pa55/)

  const silent = await startRawServer(t, (socket) => socket.resume())
  const env = { ...gitEnv(), HTTP_PROXY: silent.host }
  const child = spawn(process.execPath, [cli, ...args], { env, stdio: 'ignore' })
  const exit = new Promise((resolve) => child.once('exit', resolve))
  await silent.reached()
  child.kill('SIGTERM')
  t.equal(await exit, 143)
})

t.test('the service: SIGTERM while a proxy is silent ends it in good order', async (t) => {
  const proxy = await startRawServer(t, (socket) => socket.resume())
  const { child, url } = await startService(t, {
    GITSYNC_EGRESS_POLICY: 'any',
    GITSYNC_SHUTDOWN_GRACE: '100ms',
    HTTP_PROXY: proxy.host,
  })
  const exit = new Promise((resolve) => child.once('exit', resolve))
  const answer = fetch(`${url}/probe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ source: { url: 'http://127.0.0.1:1/a.git' } }),
  })
  await proxy.reached()
  child.kill('SIGTERM')
  t.equal((await answer).status, 503)
  t.equal(await exit, 0)
  await proxy.idle()
})
