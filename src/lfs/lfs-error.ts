import type { EndpointRole } from '../../schemas/event.js'
import type { ProblemCode } from '../../schemas/problem.js'
import { GitSyncError } from '../errors.js'
import {
  credentialsHint,
  HttpStatusError,
  type Refusal,
  remoteText,
  statusError,
} from '../git/http/refusals/http-status.js'
import { printable } from '../runtime/printable.js'
import { setting, type Wording, worded } from '../wording.js'

/** Too large for the server's limits, or for what is left of a quota. */
const OVER_LIMIT = new Set([413, 507, 509])
/** There is no such API, or not for this repository. */
const NO_SERVER = new Set([404, 405, 406, 410, 501])

/** The error for a status of the LFS API that does not mean success. */
export function apiError(side: EndpointRole, refusal: Refusal): GitSyncError {
  const { status } = refusal
  const cause = new HttpStatusError(status)
  const said = remoteText(refusal)
  const error = (code: ProblemCode, what: Wording) =>
    new GitSyncError(code, worded`The LFS server of the ${side} ${what}.${said}`, { cause, retryable: false })
  if (status === 401 || (status === 403 && !refusal.isRateLimited))
    return error(`${side}_unauthorized`, worded`responded with ${status}: ${credentialsHint(side)}`)
  if (NO_SERVER.has(status)) return noServer(side, `responded with ${status}${said}`, cause)
  return limitError(side, refusal) ?? statusError(side, refusal)
}

/** A repository without an LFS server. `what` is how that showed. */
export function noServer(side: EndpointRole, what: string, cause?: Error): GitSyncError {
  const lfsUrl = setting(`${side}.lfsUrl`)
  const hint = worded`turn LFS on there, name its server in ${lfsUrl}, or set ${setting('policy.lfs')} to "off"`
  const message = worded`The ${side} has no LFS server for this repository (it ${what}): ${hint}.`
  return new GitSyncError('lfs_unsupported', message, cause && { cause })
}

/** Storage does not let us in any more: what an action allows may have expired, so a new one is worth asking for. */
export class DeniedActionError extends HttpStatusError {}

/** The error for an upload or download that failed at the address that an action names. */
export function transferError(side: EndpointRole, refusal: Refusal, host: string): GitSyncError {
  const { status } = refusal
  if (side === 'source' && (status === 404 || status === 410))
    return missingAtSource(`its storage responds with ${status}`, new HttpStatusError(status))
  const limit = limitError(side, refusal)
  if (limit) return limit
  const error = statusError(side, refusal)
  const isDenied = status === 401 || status === 403
  const cause = isDenied ? new DeniedActionError(status) : new HttpStatusError(status)
  return aboutStorageOf(error, `${side} (${host})`, side, cause)
}

/** An error as one of a host that an LFS server sent us to. */
export function aboutStorage(error: unknown, { host }: URL): unknown {
  const [, side] = (error instanceof GitSyncError && /^(source|target)_/.exec(error.code)) || []
  if (!(error instanceof GitSyncError) || side === undefined) return error
  return aboutStorageOf(error, `${side} (${printable(host)})`, side, error.cause)
}

function aboutStorageOf(error: GitSyncError, whose: string, side: string, cause: unknown): GitSyncError {
  const { code, retryable, retryAfter } = error
  const message = error.wording.map((text) =>
    text.replace(`The ${side} `, `The LFS storage of the ${whose} `),
  )
  return new GitSyncError(code, message, {
    cause,
    retryable,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}

/** What a server says of one object, in its batch response. */
export function objectError(side: EndpointRole, status: number, text: string): GitSyncError {
  const refusal = { status, text, push: false }
  if (side === 'source' && (status === 404 || status === 410 || status === 422))
    return missingAtSource(text || `it responds with ${status}`)
  if (status === 409) return noServer(side, `refuses the hash sha256${remoteText(refusal)}`)
  return status === 404 || status === 410
    ? new GitSyncError(
        'lfs_limit_exceeded',
        `The LFS server of the ${side} refuses an object (${status}).${remoteText(refusal)}`,
      )
    : apiError(side, refusal)
}

/** The source's LFS server has no such object, or not the right one. */
export function missingAtSource(why: string, cause?: unknown): GitSyncError {
  const message = `The LFS server of the source lacks an object that a pointer names: ${why}.`
  return new GitSyncError('lfs_object_missing', message, cause === undefined ? {} : { cause })
}

function limitError(side: EndpointRole, refusal: Refusal): GitSyncError | undefined {
  const { status } = refusal
  const isRefused = side === 'target' && status === 422
  if (!OVER_LIMIT.has(status) && !isRefused) return undefined
  const code = side === 'target' ? 'lfs_limit_exceeded' : 'source_unavailable'
  const message = `The LFS server of the ${side} refuses by a limit of its own (HTTP ${status}).${remoteText(refusal)}`
  return new GitSyncError(code, message, { cause: new HttpStatusError(status), retryable: false })
}
