import { type Problem, problems } from '../schemas/problem.js'
import type { GitSyncError } from './errors.js'

/** The problem document of an error; RFC 9457. */
export function toProblem(error: GitSyncError, requestId: string): Problem {
  const { code, message, retryable, retryAfter, refs, errors, result } = error
  const { status, title } = problems[code]
  return {
    type: `urn:git-sync:problem:${code}`,
    title,
    status,
    detail: message,
    code,
    retryable,
    requestId,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(refs ? { refs } : {}),
    ...(errors ? { errors } : {}),
    ...(result ? { result } : {}),
  }
}
