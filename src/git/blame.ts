import { errors as undici } from 'undici'
import type { EndpointRole } from '../../schemas/event.js'
import { GitSyncError } from '../errors.js'
import { ProtocolError, RemoteFatalError } from './protocol-error.js'

const CERTIFICATE =
  /^(?:CERT_|CRL_|ERROR_IN_C|ERR_TLS_CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_)/
// A chain of causes may be a circle.
const MAX_CAUSES = 20
const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

/** Says which side an error is the fault of. Errors that know already pass through. */
export function blame(side: EndpointRole, error: unknown): GitSyncError {
  if (error instanceof GitSyncError) return error
  if (error instanceof ProtocolError) {
    const what = error instanceof RemoteFatalError ? 'refused the request' : 'broke the git protocol'
    const message = `The ${side} ${what}: ${error.message}.`
    return new GitSyncError(`${side}_protocol_error`, message, { cause: error })
  }
  const { code, message } = rootOf(error)
  if (TIMEOUTS.has(code)) {
    return new GitSyncError(`${side}_timeout`, `The ${side} was silent for too long.`, { cause: error })
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return unreachable(side, 'no connection in time', error)
  if (CERTIFICATE.test(code)) {
    const hint = `its TLS certificate is not trusted (${code}); add its authority, or set auth.${side}.skipTlsVerify`
    return unreachable(side, hint, error, false)
  }
  if (code === 'ENOTFOUND') return unreachable(side, 'its host name does not exist', error, false)
  if (error instanceof undici.HTTPParserError) {
    return new GitSyncError(`${side}_protocol_error`, `The ${side} does not speak HTTP: ${message}.`, {
      cause: error,
    })
  }
  if (code !== '') return unreachable(side, message, error)
  return new GitSyncError('internal', `Unexpected failure while talking to the ${side}: ${message}`, {
    cause: error,
  })
}

function unreachable(side: EndpointRole, why: string, cause: unknown, retryable = true): GitSyncError {
  return new GitSyncError(`${side}_unreachable`, `The ${side} cannot be reached: ${why}.`, {
    cause,
    retryable,
  })
}

/** An AggregateError (every address failed) or a wrapped error says what happened in its innermost error. */
function rootOf(error: unknown, depth = 0): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0], depth)
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  const code = (error as NodeJS.ErrnoException).code
  if (typeof code === 'string') return { code, message: error.message }
  const isDeeper = error.cause instanceof Error && depth < MAX_CAUSES
  return isDeeper ? rootOf(error.cause, depth + 1) : { code: '', message: error.message }
}
