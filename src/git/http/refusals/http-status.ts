import type { EndpointRole } from '../../../../schemas/event.js'
import { GitSyncError } from '../../../errors.js'
import { setting, type Wording, worded } from '../../../wording.js'
import { REDIRECTS, refused } from './redirect.js'

/** Of a header that came several times, the first. */
export type SingleHeaders = Readonly<Record<string, string | undefined>>

export interface Refusal {
  status: number
  /** Seconds to wait, where known. */
  retryAfter?: number
  /** The remote says that its rate limit is reached, or for how long to wait. */
  isRateLimited?: boolean
  /** The text of the remote, safe to show. */
  text: string
  /** The remote's own id of the request, which its support asks for. */
  requestId?: string
  /** The response is that to a push, whose body may be too large or take too long. */
  push: boolean
}

/** The status behind an error, for callers that act on it. */
export class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError'

  constructor(readonly status: number) {
    super(`HTTP ${status}`)
  }
}

/** Temporary statuses besides 429 and 5xx: locked, and too early. */
const PASSING = new Set([423, 425])
const OF_A_PROXY = new Set([407, 511])
const RATE_WORDS = /\brate[ -]?limit|\btoo many requests\b|\babuse detection\b/i

/** The meaning of a status that git does not know for a repository. */
const MEANINGS: Record<number, string> = {
  400: 'it cannot read the request; check the URL, its http or https, and the credentials',
  405: 'that URL does not speak git over HTTP; check it',
  409: 'the state of the repository does not allow the request',
  410: 'the repository is gone',
  414: 'the URL is too long',
  431: 'the headers are too long; check the length of the credentials',
}

/** The error for an HTTP status that does not mean success. */
export function statusError(side: EndpointRole, refusal: Refusal): GitSyncError {
  const { status } = refusal
  const said = remoteText(refusal)
  const cause = new HttpStatusError(status)
  const wait = refusal.retryAfter === undefined ? { cause } : { cause, retryAfter: refusal.retryAfter }
  const error = (
    code: 'unauthorized' | 'not_found' | 'unavailable' | 'protocol_error',
    what: string | Wording,
  ) => new GitSyncError(`${side}_${code}`, worded`The ${side} responded with ${what}.${said}`, wait)

  if (REDIRECTS.has(status)) return refused(side, 'a request other than info/refs')
  if (OF_A_PROXY.has(status)) return proxyError(side, status, said)
  if (status === 401) return error('unauthorized', worded`401: ${credentialsHint(side)}`)
  if (status === 402) return error('unauthorized', '402: it wants the account to be paid for')
  const isPassing = isRateLimit(refusal)
  const ofPush = refusal.push && !(status === 400 && isPassing) ? pushRefusal(status, said, cause) : undefined
  if (ofPush) return ofPush
  if (isPassing) return error('unavailable', `${status}: too many requests for now, try again later`)
  if (status >= 500 || PASSING.has(status)) return error('unavailable', String(status))
  if (status === 403) return error('unauthorized', worded`403: ${credentialsHint(side)}`)
  if (status === 404) {
    return error(
      'not_found',
      '404: check the URL, and the credentials: hosts hide private repositories this way',
    )
  }
  if (status === 451) return error('not_found', '451: it may not serve that repository, for legal reasons')
  return error('protocol_error', `HTTP ${status}: ${MEANINGS[status] ?? 'git does not use that status'}`)
}

/** The remote's own text and request id, as the end of a message. */
export function remoteText({ text, requestId }: Refusal): string {
  const id = requestId ? ` (Its request id: ${requestId})` : ''
  return (text === '' ? '' : ` It says: ${text}`) + id
}

/** The meaning of a status for a push: that its body is too large, took too long, or should have had a Content-Length. */
function pushRefusal(status: number, said: string, cause: HttpStatusError): GitSyncError | undefined {
  const spool = worded`let a sync spool the pack, by ${setting('options.materialize')} "auto"`
  const error = (
    code: 'pack_limit_exceeded' | 'unsupported' | 'target_protocol_error',
    what: string | Wording,
  ) => new GitSyncError(code, worded`The target ${what}.${said}`, { cause })
  if (status === 408 || status === 413)
    return error('pack_limit_exceeded', `refused the pack with HTTP ${status}`)
  if (status === 411) return error('unsupported', worded`does not accept a chunked body (HTTP 411): ${spool}`)
  if (status === 501)
    return error(
      'unsupported',
      worded`does not implement a push, or none of a chunked body (HTTP 501): ${spool}`,
    )
  if (status !== 400) return undefined
  return error(
    'target_protocol_error',
    worded`responded with HTTP 400: if it does not accept a chunked body, ${spool} or "always"`,
  )
}

const REQUEST_ID_HEADERS = ['x-github-request-id', 'x-request-id', 'x-vss-e2eid', 'cf-ray']

export function requestIdOf(headers: SingleHeaders): string {
  return REQUEST_ID_HEADERS.map((name) => headers[name]).find((id) => id) ?? ''
}

/** A hint for when a remote denies access. */
export function credentialsHint(side: EndpointRole): Wording {
  const access = side === 'source' ? 'read' : 'write'
  return worded`check ${setting(`auth.${side}`)}: it must be valid and allowed to ${access} the repository`
}

/** A request that was refused for its number passes later: 429, or any refusal but a server error that says so. */
function isRateLimit({ status, isRateLimited = false, text }: Refusal): boolean {
  return status === 429 || (status < 500 && isRateLimited) || (status === 403 && RATE_WORDS.test(text))
}

function proxyError(side: EndpointRole, status: number, said: string): GitSyncError {
  const hint = `the way there asks for a login (HTTP ${status}); give the proxy's user and password in HTTPS_PROXY or HTTP_PROXY`
  const message = `The ${side} cannot be reached: ${hint}.${said}`
  return new GitSyncError(`${side}_unreachable`, message, {
    cause: new HttpStatusError(status),
    retryable: false,
  })
}

/** `Retry-After` in seconds: a number, or the time until an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterSeconds(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value)
  const date = /^[A-Z][a-z]+,? /.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000))
}
