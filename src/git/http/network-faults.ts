/** The meaning of an error code of undici, Node, the system or OpenSSL for the remote that we spoke with. */
export interface Fault {
  /** No connection or a broken one, silence, a response that is not HTTP or breaks its rules, or a fault of this program. */
  kind: 'unreachable' | 'timeout' | 'not_http' | 'protocol_error' | 'internal'
  /** Undefined where the error's own message says it best. */
  why?: string
  retryable: boolean
  /** A certificate was refused: what to do depends on whose. */
  isCertificate?: true
}

/** Undefined for an unknown code. */
export function faultOf({
  code,
  name,
  message,
}: {
  code: string
  name: string
  message: string
}): Fault | undefined {
  if (name === 'HTTPParserError') return parserFault(message)
  if (code === 'UND_ERR_SOCKET' && UNASKED.has(message)) return wrong(UNASKED.get(message))
  return FAULTS.get(code) ?? FAMILIES.find(([pattern]) => pattern.test(code))?.[1]
}

/** undici leaves llhttp's codes out. */
function parserFault(message: string): Fault {
  if (/Expected HTTP|Invalid HTTP version|Expected dot/.test(message))
    return { kind: 'not_http', retryable: false }
  return wrong(/EOF/.test(message) ? TRUNCATED : undefined)
}

const broken = (why?: string): Fault => ({ kind: 'unreachable', retryable: true, ...(why && { why }) })
const closed = (why?: string): Fault => ({ kind: 'unreachable', retryable: false, ...(why && { why }) })
const wrong = (why?: string): Fault => ({ kind: 'protocol_error', retryable: false, ...(why && { why }) })
const silent: Fault = { kind: 'timeout', retryable: true }
const ours: Fault = { kind: 'internal', retryable: false }

/** undici has one code for these and for a connection that was closed. */
const UNASKED = new Map([
  ['bad response', 'it sent a response without a request'],
  ['bad upgrade', 'it switched protocols (HTTP 101) unasked'],
])

const TRUNCATED = 'its response ended before all of its body had come'

const FAULTS = new Map<string, Fault>([
  // undici, lib/core/errors.js.
  ['UND_ERR_CONNECT_TIMEOUT', broken('no connection in time')],
  ['UND_ERR_HEADERS_TIMEOUT', silent],
  ['UND_ERR_BODY_TIMEOUT', silent],
  ['UND_ERR_SOCKET', broken()],
  ['UND_ERR_INFO', broken()],
  [
    'UND_ERR_HEADERS_OVERFLOW',
    wrong('the headers of its response are larger than 300 KiB, or than the dispatcher allows'),
  ],
  [
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    wrong('the body of its response is not as long as Content-Length says'),
  ],
  [
    'UND_ERR_RES_EXCEEDED_MAX_SIZE',
    wrong('its response is larger than the dispatcher allows (maxResponseSize)'),
  ],
  ['UND_ERR_REQ_RETRY', broken()],
  ['UND_ERR_PRX_TLS', closed('the TLS certificate of the proxy is not trusted')],
  // The system, and its resolver.
  ['ENOTFOUND', closed('its host name does not exist')],
  ['ENODATA', closed('its host name has no address')],
  ['EAI_AGAIN', broken('its host name could not be looked up just now')],
  ['EACCES', closed('this system does not allow the connection; is there a firewall?')],
  ['EPERM', closed('this system does not allow the connection; is there a firewall?')],
  ['EAFNOSUPPORT', closed()],
  ['EPROTO', closed('it does not speak TLS as we do; is the URL one of http://?')],
  // TLS.
  ['ERR_SSL_WRONG_VERSION_NUMBER', closed('it does not speak TLS on that port; is the URL one of http://?')],
  [
    'ERR_SSL_PACKET_LENGTH_TOO_LONG',
    closed('it does not speak TLS on that port; is the URL one of http://?'),
  ],
  ['ERR_SSL_HTTP_REQUEST', closed('it does not speak TLS on that port; is the URL one of http://?')],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', broken('no TLS handshake in time')],
  // A stream that was closed without a word.
  ['ERR_STREAM_PREMATURE_CLOSE', broken('the connection was closed')],
])

const FAMILIES: readonly (readonly [RegExp, Fault])[] = [
  [
    /^(?:CERT_|CRL_|ERROR_IN_C|ERR_TLS_CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_)/,
    { kind: 'unreachable', retryable: false, isCertificate: true },
  ],
  [/^(?:Z_|ERR__ERROR_|ERR_BROTLI_|ERR_PADDING_)/, wrong('its compressed body is damaged')],
  // Bytes that were damaged on the way, and faults that the other end reports as its own.
  [/^ERR_SSL_.*(?:INTERNAL_ERROR|BAD_RECORD_MAC|DECRYPTION_FAILED|UNEXPECTED_EOF|USER_CANCELL?ED)/, broken()],
  [/^ERR_SSL_.*CERTIFICATE_REQUIRED/, closed('it asks for a client certificate')],
  [/^(?:ERR_SSL_|ERR_TLS_)/, closed()],
  [/^(?:UND_ERR_SOCKS5|ERR_HTTP2_|ERR_STREAM_|ERR_SOCKET_(?!BAD))/, broken()],
  // Faults of the disk and of the caller: invalid arguments, closed dispatchers.
  [/^(?:UND_ERR|ERR_|ENOSPC|EDQUOT|EIO|EROFS|ENOENT|EISDIR|EBADF|EINVAL)/, ours],
  // ECONNREFUSED, ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH, ENETDOWN, EMFILE, EAI_FAIL and their kin.
  [/^E[A-Z][A-Z\d_]+$/, broken()],
]
