import { test } from 'tap'
import { errors as undici } from 'undici'
import { GitSyncError } from '../../../src/errors.js'
import { toRemoteError } from '../../../src/git/http/remote-error.js'
import { ProtocolError, RemoteFatalError } from '../../../src/git/packets/protocol-error.js'

const system = (code: string, message = `failed with ${code}`) => Object.assign(new Error(message), { code })

test('an error that knows its side passes through', async (t) => {
  const error = new GitSyncError('target_timeout', 'late')
  t.equal(toRemoteError('source', error), error)
})

test('broken protocol and refusals are the remote side, the cause is kept', async (t) => {
  for (const side of ['source', 'target'] as const) {
    const cause = new ProtocolError('it was cut')
    const broken = toRemoteError(side, cause)
    t.match(broken, {
      code: `${side}_protocol_error`,
      retryable: false,
      message: /broke the git protocol: it was cut/,
    })
    t.equal(broken.cause, cause)
    const refused = toRemoteError(side, new RemoteFatalError('not our ref 12'))
    t.match(refused, { code: `${side}_protocol_error`, message: /refused the request: not our ref 12/ })
  }
})

test('silence is a timeout', async (t) => {
  for (const error of [new undici.HeadersTimeoutError(), new undici.BodyTimeoutError()]) {
    t.match(toRemoteError('target', error), { code: 'target_timeout', retryable: true, cause: error })
  }
})

test('no connection is worth a retry', async (t) => {
  const errors = [
    system('ECONNREFUSED'),
    system('ECONNRESET'),
    system('EAI_AGAIN'),
    system('EPIPE'),
    new undici.ConnectTimeoutError(),
    new undici.SocketError('other side closed'),
    new TypeError('fetch failed', { cause: system('ECONNREFUSED') }),
    new AggregateError([system('ECONNREFUSED'), system('ENETUNREACH')]),
  ]
  for (const error of errors) {
    t.match(
      toRemoteError('source', error),
      { code: 'source_unreachable', retryable: true, cause: error },
      error.message,
    )
  }
})

test('a host name that does not exist is not', async (t) => {
  const error = system('ENOTFOUND', 'getaddrinfo ENOTFOUND no.example')
  t.match(toRemoteError('source', error), { code: 'source_unreachable', retryable: false })
})

test('a bad certificate is not either, and names the setting', async (t) => {
  const codes = [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'CERT_REVOKED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'HOSTNAME_MISMATCH',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
  ]
  for (const code of codes) {
    const expected = { code: 'target_unreachable', retryable: false, message: /auth\.target\.skipTlsVerify/ }
    t.match(toRemoteError('target', system(code)), expected, code)
  }
})

test('an answer that is not HTTP is the remote breaking the protocol', async (t) => {
  const error = Object.assign(new undici.HTTPParserError('Expected HTTP/'), { code: 'HPE_INVALID_CONSTANT' })
  t.match(toRemoteError('source', error), { code: 'source_protocol_error', message: /does not speak HTTP/ })
})

test('anything else is our bug', async (t) => {
  for (const error of [new TypeError('x is not a function'), 'text', undefined, new AggregateError([])]) {
    t.match(toRemoteError('source', error), { code: 'internal', retryable: false })
  }
})
