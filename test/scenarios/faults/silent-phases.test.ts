import { createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { Client, type ClientOptions } from '../../../src/index.js'
import { egressDispatchers } from '../../../src/service/egress/dispatchers.js'
import { EgressPolicy } from '../../../src/service/egress/policy.js'
import { failureOf } from '../../../testing/cases/stage.js'
import { onHead, startRawServer } from '../../../testing/faults/raw-server.js'
import { PUBLIC } from '../../../testing/faults/resolver.js'
import { selfSignedCertificate } from '../../../testing/processes/certificate.js'

interface Phase {
  url: string
  options?: ClientOptions
  /** Resolves when the run has come to the phase. */
  reached: () => Promise<void>
  /** Resolves when nothing is connected any more. */
  idle: () => Promise<void>
}

type RawServer = Awaited<ReturnType<typeof startRawServer>>

/** What a run that goes by these settings may need. */
function through(proxy: RawServer | undefined, lookup = async () => [PUBLIC]): ClientOptions {
  const httpProxy = proxy ? `http://user:pa55@${proxy.host}` : ''
  const proxies = { httpProxy, httpsProxy: '', noProxy: '' }
  return {
    dispatcher: egressDispatchers({ policy: new EgressPolicy('any'), lookup, ...(proxy && { proxies }) }),
  }
}

// A name server that is asked would keep the process alive, our own promise does not.
const alive = setInterval(() => {}, 1_000)
t.teardown(() => clearInterval(alive))

/** Each phase of a request, and a server that is silent in it. */
const phases: Record<string, (t: Test) => Promise<Phase>> = {
  'the lookup of the name': async () => {
    let asked = () => {}
    const reached = new Promise<void>((resolve) => (asked = resolve))
    const lookup = () => {
      asked()
      return new Promise<never>(() => {})
    }
    const options = through(undefined, lookup)
    return { url: 'http://git.example/a', options, reached: () => reached, idle: async () => {} }
  },
  'the lookup of a name behind a proxy': async (t) => {
    const proxy = await startRawServer(t, () => {})
    const url = 'http://git.example/a'
    const options = through(proxy, () => new Promise<never>(() => {}))
    return { url, options, reached: async () => {}, idle: proxy.idle }
  },
  'CONNECT of a proxy': async (t) => {
    const proxy = await startRawServer(t, (socket) => socket.resume())
    return { url: 'http://git.example/a', options: through(proxy), reached: proxy.reached, idle: proxy.idle }
  },
  'CONNECT of a proxy, half a head': async (t) => {
    const proxy = await startRawServer(t, (socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\n')),
    )
    return { url: 'http://git.example/a', options: through(proxy), reached: proxy.reached, idle: proxy.idle }
  },
  'TLS behind a proxy': async (t) => {
    const proxy = await startRawServer(t, (socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\n\r\n')),
    )
    return { url: 'https://git.example/a', options: through(proxy), reached: proxy.reached, idle: proxy.idle }
  },
  TLS: async (t) => {
    const server = await startRawServer(t, (socket) => socket.resume())
    return { url: `https://${server.host}/a`, reached: server.reached, idle: server.idle }
  },
  'the response': async (t) => {
    const server = await startRawServer(t, (socket) => socket.resume())
    return { url: `http://${server.host}/a`, reached: server.reached, idle: server.idle }
  },
  'half a head': async (t) => {
    const server = await startRawServer(t, (socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nX')),
    )
    return { url: `http://${server.host}/a`, reached: server.reached, idle: server.idle }
  },
  'the body': async (t) => {
    const type = 'Content-Type: application/x-git-upload-pack-advertisement'
    const head = `HTTP/1.1 200 OK\r\n${type}\r\nContent-Length: 9\r\n\r\n`
    const server = await startRawServer(t, (socket) => onHead(socket, () => socket.write(head)))
    return { url: `http://${server.host}/a`, reached: server.reached, idle: server.idle }
  },
}

for (const [name, start] of Object.entries(phases)) {
  t.test(
    `silence in ${name} ends by our clocks, at once by the caller's signal, and leaves nothing`,
    async (t) => {
      const { url, options, reached, idle } = await start(t)
      const source = { url }

      const stalled = await failureOf(new Client({ ...options, stallTimeout: 150 }).probe({ source }))
      t.match(stalled, { code: 'source_timeout', retryable: true })
      await idle()

      const deadline = await failureOf(
        new Client(options).probe({ source }, { signal: AbortSignal.timeout(100) }),
      )
      t.match(deadline, { code: 'deadline_exceeded' })
      await idle()

      const controller = new AbortController()
      const running = failureOf(new Client(options).probe({ source }, { signal: controller.signal }))
      await reached()
      controller.abort()
      t.match(await running, { code: 'cancelled' })
      await idle()
      t.notMatch([stalled.message, deadline.message], /pa55/)
    },
  )
}

t.test(
  'a proxy of https:// is spoken to over TLS, which is checked whatever is asked for the remote',
  async (t) => {
    const tls = await selfSignedCertificate()
    const server = createServer(tls, (socket) => socket.end()).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    t.teardown(() => server.close())
    server.on('tlsClientError', () => {})
    const { port } = server.address() as { port: number }
    const proxies = { httpProxy: '', httpsProxy: `https://u:pa55@127.0.0.1:${port}`, noProxy: '' }
    const dispatcher = egressDispatchers({
      policy: new EgressPolicy('any'),
      allowInsecureTls: true,
      proxies,
      lookup: async () => [PUBLIC],
    })
    const auth = { source: { skipTlsVerify: true } }

    const error = await failureOf(
      new Client({ dispatcher }).probe({ source: { url: 'https://git.example/a' }, auth }),
    )

    const message = new RegExp(`the proxy 127.0.0.1:${port} has a TLS certificate that is not trusted`)
    t.match(error, { code: 'source_unreachable', retryable: false, message })
  },
)
