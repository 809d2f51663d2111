import { once } from 'node:events'
import { createServer } from 'node:tls'
import { test } from 'tap'
import { errors as undici } from 'undici'
import { ProxyError } from '../../../src/git/connections/proxy-tunnel.js'
import { toRemoteError } from '../../../src/git/http/remote-error.js'
import { Client } from '../../../src/index.js'
import { failureOf } from '../../../testing/cases/stage.js'
import { onHead, startRawServer } from '../../../testing/faults/raw-server.js'
import { selfSignedCertificate } from '../../../testing/processes/certificate.js'

const system = (code: string, message = `failed with ${code}`) => Object.assign(new Error(message), { code })
type Kind = 'unreachable' | 'protocol_error' | 'timeout' | 'internal'

const table: [Kind, boolean, (Error | string)[]][] = [
  [
    'unreachable',
    true,
    [
      'ECONNREFUSED',
      'ECONNRESET',
      'ECONNABORTED',
      'EPIPE',
      'ETIMEDOUT',
      'EHOSTUNREACH',
      'EHOSTDOWN',
      'ENETUNREACH',
      'ENETDOWN',
      'EADDRNOTAVAIL',
      'EMFILE',
      'ENOBUFS',
      'EAI_AGAIN',
      'EAI_FAIL',
      'ESERVFAIL',
      'ERR_SOCKET_CONNECTION_TIMEOUT',
      'ERR_STREAM_PREMATURE_CLOSE',
      'ERR_HTTP2_STREAM_ERROR',
      'ERR_TLS_HANDSHAKE_TIMEOUT',
      'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
      'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
      'ERR_SSL_UNEXPECTED_EOF_WHILE_READING',
      new undici.ConnectTimeoutError(),
      new undici.SocketError('other side closed'),
      new undici.SocketError('closed'),
      new undici.InformationalError('reset'),
    ],
  ],
  [
    'unreachable',
    false,
    [
      'ENOTFOUND',
      'ENODATA',
      'EACCES',
      'EPERM',
      'EPROTO',
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      'ERR_SSL_NO_PROTOCOLS_AVAILABLE',
      'CERT_HAS_EXPIRED',
      'UND_ERR_PRX_TLS',
    ],
  ],
  ['timeout', true, [new undici.HeadersTimeoutError(), new undici.BodyTimeoutError()]],
  [
    'protocol_error',
    false,
    [
      new undici.HeadersOverflowError(),
      new undici.ResponseContentLengthMismatchError(),
      new undici.ResponseExceededMaxSizeError(),
      new undici.HTTPParserError('Response does not match the HTTP/1.1 protocol (Invalid header token)'),
      new undici.SocketError('bad response'),
      new undici.SocketError('bad upgrade'),
      'Z_DATA_ERROR',
      'Z_BUF_ERROR',
      'ERR__ERROR_FORMAT_PADDING_1',
      'ERR_BROTLI_DECODER_ERROR_FORMAT_PADDING_1',
    ],
  ],
  [
    'internal',
    false,
    [
      new undici.InvalidArgumentError('invalid header'),
      new undici.RequestContentLengthMismatchError(),
      new undici.NotSupportedError(),
      new undici.ClientDestroyedError(),
      new undici.ClientClosedError(),
      'ERR_INVALID_ARG_TYPE',
      'ERR_INVALID_URL',
      'ERR_SOCKET_BAD_PORT',
      'ERR_ASSERTION',
      'ENOSPC',
      'EIO',
    ],
  ],
]

test('each code is of one kind, with whether a retry makes sense, down to its cause', async (t) => {
  for (const [kind, retryable, errors] of table) {
    for (const each of errors) {
      const error = typeof each === 'string' ? system(each) : each
      const code = kind === 'internal' ? kind : `target_${kind}`
      for (const told of [
        error,
        new TypeError('fetch failed', { cause: error }),
        new AggregateError([error]),
      ]) {
        t.match(toRemoteError('target', told), { code, retryable, cause: told }, error.message)
      }
    }
  }
})

test('what a proxy refused is not the remote’s', async (t) => {
  const unreachable = { code: 'source_unreachable', retryable: false }
  const words = 'Proxy response (407) !== 200 when HTTP Tunneling'
  t.match(toRemoteError('source', new undici.RequestAbortedError(words)), {
    ...unreachable,
    message: /HTTP 407/,
  })
  const expired = new ProxyError('p:1', 'cannot be reached', { cause: system('CERT_HAS_EXPIRED') })
  t.match(toRemoteError('source', expired), {
    ...unreachable,
    message: /the proxy p:1 .*NODE_EXTRA_CA_CERTS/,
  })
  t.notMatch(toRemoteError('source', expired).message, /skipTlsVerify/)
})

test('real sockets: TLS that is none, or of another version, and a server that speaks first', async (t) => {
  const plain = await startRawServer(t, (socket) => onHead(socket, () => {}))
  // A handshake is no HTTP: the server says so at once.
  const refusing = await startRawServer(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 400 No\r\n\r\n')),
  )
  const banner = await startRawServer(t, (socket) => socket.resume().write('SSH-2.0-x\r\n'))
  const first = await startRawServer(t, (socket) =>
    socket.resume().end('HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n'),
  )
  const old = createServer({
    ...(await selfSignedCertificate()),
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1.1',
  })
  old.on('tlsClientError', () => {}).listen(0, '127.0.0.1')
  await once(old, 'listening')
  t.teardown(() => old.close())
  const { port } = old.address() as { port: number }
  const probe = (url: string) => failureOf(new Client({ stallTimeout: 300 }).probe({ source: { url } }))

  t.match(await probe(`https://${plain.host}/a`), { code: 'source_timeout', retryable: true })
  const noTls = { code: 'source_unreachable', retryable: false, message: /does not speak TLS .*http:\/\// }
  t.match(await probe(`https://${refusing.host}/a`), noTls)
  t.match(await probe(`https://127.0.0.1:${port}/a`), { code: 'source_unreachable', retryable: false })
  t.match(await probe(`http://${banner.host}/a`), { code: 'source_protocol_error', retryable: false })
  t.match(await probe(`http://${first.host}/a`), { code: /^source_/ })
  t.ok(first.connections <= 3, `${first.connections} connections`)
  await Promise.all([plain, refusing, banner, first].map(({ idle }) => idle()))
})
