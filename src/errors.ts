import { type FieldProblem, type ProblemCode, problems, type RefProblem } from '../schemas/problem.js'
import type { SyncResult } from '../schemas/result.js'

export interface ErrorDetails {
  cause?: unknown
  /** Overrides the code's own answer, as for a host name that does not exist. */
  retryable?: boolean
  /** Seconds to wait before a retry, where known. */
  retryAfter?: number
  refs?: RefProblem[]
  errors?: FieldProblem[]
  result?: SyncResult
}

/** The one error that callers see: `code` is what programs branch on, `message` says what to do. */
export class GitSyncError extends Error {
  override readonly name = 'GitSyncError'
  readonly code: ProblemCode
  readonly retryable: boolean
  readonly retryAfter: number | undefined
  readonly refs: RefProblem[] | undefined
  readonly errors: FieldProblem[] | undefined
  /** The plan, or what the target confirmed, where the run had come so far. */
  result: SyncResult | undefined

  constructor(code: ProblemCode, message: string, details: ErrorDetails = {}) {
    super(withOneStop(message), details.cause === undefined ? {} : { cause: details.cause })
    this.code = code
    this.retryable = details.retryable ?? problems[code].retryable
    this.retryAfter = details.retryAfter
    this.refs = details.refs
    this.errors = details.errors
    this.result = details.result
  }
}

/** What a remote says may end with a full stop of its own. */
function withOneStop(message: string): string {
  return /[.!?…]\.$/.test(message) ? message.slice(0, -1) : message
}

/**
 * The error for an abort signal's reason: a `TimeoutError` is the run's deadline, a `GitSyncError` is itself,
 * anything else means that the caller cancelled.
 */
export function abortError(reason: unknown): GitSyncError {
  if (reason instanceof GitSyncError) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new GitSyncError('deadline_exceeded', 'The run took longer than its deadline allows.', {
      cause: reason,
    })
  }
  return new GitSyncError('cancelled', 'The run was cancelled by its caller.', { cause: reason })
}
