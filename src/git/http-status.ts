import type { EndpointRole } from '../../schemas/event.js'
import { GitSyncError } from '../errors.js'
import { REDIRECTS, refused } from './redirect.js'

export interface Refusal {
  status: number
  /** Seconds, from `Retry-After`. */
  retryAfter?: number
  /** What the remote says, safe to show. */
  text: string
  /** The answer came to a push, whose body may be too large or take too long. */
  push: boolean
}

/** The status behind an error, for those who can do something about it. */
export class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError'

  constructor(readonly status: number) {
    super(`HTTP ${status}`)
  }
}

/** The error for an HTTP status other than 200. */
export function statusError(side: EndpointRole, refusal: Refusal): GitSyncError {
  const { status, text } = refusal
  const said = text === '' ? '' : ` It says: ${text}`
  const cause = new HttpStatusError(status)
  const wait = refusal.retryAfter === undefined ? { cause } : { cause, retryAfter: refusal.retryAfter }
  if (REDIRECTS.has(status)) return refused(side, 'a request other than info/refs')
  if (status === 401 || status === 403) {
    const hint = `check auth.${side}: it must be valid and may ${side === 'source' ? 'read' : 'write'} the repository`
    return new GitSyncError(`${side}_unauthorized`, `The ${side} answered ${status}: ${hint}.${said}`, {
      cause,
    })
  }
  if (status === 404) {
    const hint = 'check the URL, and the credentials: hosts hide private repositories this way'
    return new GitSyncError(`${side}_not_found`, `The ${side} answered 404: ${hint}.${said}`)
  }
  if (refusal.push && (status === 408 || status === 413)) {
    return new GitSyncError(
      'pack_limit_exceeded',
      `The target refused the pack with HTTP ${status}.${said}`,
      { cause },
    )
  }
  if (refusal.push && (status === 411 || status === 501)) {
    const what =
      status === 411 ? 'takes no chunked body' : 'does not implement a push, or none of a chunked body'
    return new GitSyncError(
      'unsupported',
      `The target ${what} (HTTP ${status}): let a sync spool the pack, by options.materialize "auto".${said}`,
      { cause },
    )
  }
  if (refusal.push && status === 400) {
    const hint =
      'if it takes no chunked body, let a sync spool the pack, by options.materialize "auto" or "always"'
    return new GitSyncError('target_protocol_error', `The target answered HTTP 400: ${hint}.${said}`, {
      cause,
    })
  }
  if (status === 429 || status >= 500) {
    return new GitSyncError(`${side}_unavailable`, `The ${side} answered ${status}.${said}`, wait)
  }
  return new GitSyncError(
    `${side}_protocol_error`,
    `The ${side} answered HTTP ${status}, which git does not use.${said}`,
    { cause },
  )
}

/** `Retry-After` in seconds: a number, or the time until an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterSeconds(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value)
  const date = /^[A-Z][a-z]+,? /.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000))
}
