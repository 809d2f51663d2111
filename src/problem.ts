import { type Problem, problems } from '../schemas/problem.js'
import type { GitSyncError } from './errors.js'
import { CLIENT_VARIABLES } from './settings/variables.js'
import type { Names, Setting } from './wording.js'

const NAMES: Partial<Record<Setting, string>> = { ...CLIENT_VARIABLES, replicate: '/replicate' }

/** Settings as callers of the service know them: those of a request by JSON path, those of the service by variable. */
export const documentNames: Names = {
  setting: (setting) => NAMES[setting] ?? setting,
  pointer: (pointer) => pointer,
}

/** The problem document of an error; RFC 9457. */
export function toProblem(error: GitSyncError, requestId: string): Problem {
  const { code, retryable, retryAfter } = error
  const { message, refs, errors, result } = error.wordedIn(documentNames)
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
