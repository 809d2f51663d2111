import type { EndpointRole } from '../../../schemas/event.js'
import { GitSyncError } from '../../errors.js'
import { setting, type Wording, worded } from '../../wording.js'
import { ProxyError } from '../connections/proxy-tunnel.js'
import { ProtocolError, RemoteFatalError } from '../packets/protocol-error.js'
import { type Fault, faultOf } from './network-faults.js'

// A chain of causes may be a circle.
const MAX_CAUSES = 20

/** Says which side an error is the fault of. Errors that know already pass through. */
export function toRemoteError(side: EndpointRole, error: unknown): GitSyncError {
  if (error instanceof GitSyncError) return error
  if (error instanceof ProtocolError) {
    const what = error instanceof RemoteFatalError ? 'refused the request' : 'broke the git protocol'
    const message = `The ${side} ${what}: ${error.message}.`
    return new GitSyncError(`${side}_protocol_error`, message, { cause: error })
  }
  const chain = causesOf(error)
  const proxy = chain.find((cause) => cause instanceof ProxyError) ?? asProxyError(chain.at(-1))
  if (proxy) return toError(side, proxyFault(proxy), error)
  const root = rootOf(chain)
  const { code, message } = root
  const fault = faultOf(root) ?? { kind: 'internal', retryable: false }
  if (!fault.isCertificate) return toError(side, { ...fault, why: fault.why ?? message }, error)
  const remedy = setting(`auth.${side}.skipTlsVerify`)
  const why = worded`its TLS certificate is not trusted (${code}); add its authority, or set ${remedy}`
  return toError(side, { ...fault, why }, error)
}

function toError(
  side: EndpointRole,
  { kind, why = '', retryable }: Omit<Fault, 'why'> & { why?: string | Wording },
  cause: unknown,
): GitSyncError {
  const details = { cause, retryable }
  switch (kind) {
    case 'timeout':
      return new GitSyncError(`${side}_timeout`, `The ${side} was silent for too long.`, details)
    case 'not_http':
      return new GitSyncError(
        `${side}_protocol_error`,
        worded`The ${side} does not speak HTTP: ${why}.`,
        details,
      )
    case 'protocol_error':
      return new GitSyncError(
        `${side}_protocol_error`,
        worded`The ${side} broke the rules of HTTP: ${why}.`,
        details,
      )
    case 'unreachable':
      return new GitSyncError(`${side}_unreachable`, worded`The ${side} cannot be reached: ${why}.`, details)
    case 'internal':
      return new GitSyncError(
        'internal',
        worded`Unexpected failure while talking to the ${side}: ${why}`,
        details,
      )
  }
}

const TRY_AGAIN = new Set([408, 425, 429, 500, 502, 503, 504])

/** A proxy in the way: the remote itself was not reached. */
function proxyFault({ host, message, status, cause, retryable }: ProxyError): Fault {
  const found = (why: string, isRetryable: boolean): Fault => ({
    kind: 'unreachable',
    why: `the proxy ${host} ${why}`,
    retryable: isRetryable,
  })
  if (status === 407) {
    const hint = 'put the right user:password@ into the URL in HTTP_PROXY or HTTPS_PROXY'
    return found(`does not let us through without credentials that it knows (HTTP 407): ${hint}`, false)
  }
  if (status === 403) return found('forbids this connection (HTTP 403): NO_PROXY would go around it', false)
  if (status !== undefined) return found(message, TRY_AGAIN.has(status))
  if (cause === undefined) return found(message, retryable)
  const root = rootOf(causesOf(cause))
  const fault = faultOf(root)
  if (!fault?.isCertificate) {
    return found(`${message}: ${fault?.why ?? root.message}`, fault?.retryable ?? retryable)
  }
  return found(
    `has a TLS certificate that is not trusted (${root.code}): name its authority in NODE_EXTRA_CA_CERTS`,
    false,
  )
}

/** undici's own ProxyAgent, which a caller may have brought, says it in words alone. */
function asProxyError(error: unknown): ProxyError | undefined {
  if (!(error instanceof Error)) return undefined
  const [, digits] = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(error.message) ?? []
  if (digits === undefined) return undefined
  const status = Number(digits)
  return new ProxyError('of the dispatcher', `responded to CONNECT with HTTP ${status}`, { status })
}

/** The error and what caused it. An AggregateError (every address failed) goes on with its first. */
function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [error]
  while (chain.length <= MAX_CAUSES) {
    const last = chain.at(-1)
    const next =
      last instanceof AggregateError ? last.errors[0] : last instanceof Error ? last.cause : undefined
    if (!(next instanceof Error)) break
    chain.push(next)
  }
  return chain
}

/** The first error with a code, or of undici's parser, says what happened; without any, the innermost. */
function rootOf(chain: unknown[]): { code: string; name: string; message: string } {
  const errors = chain.filter((error) => error instanceof Error)
  const telling = errors.find((error) => error.name === 'HTTPParserError' || codeOf(error) !== '')
  const root = telling ?? errors.at(-1) ?? new Error(String(chain.at(-1)))
  return { code: codeOf(root), name: root.name, message: root.message }
}

function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && !(error instanceof AggregateError) ? code : ''
}
