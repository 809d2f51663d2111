import { type FieldProblem, type ProblemCode, problems, type RefProblem } from '../schemas/problem.js'
import type { SyncResult } from '../schemas/result.js'
import { type Names, optionNames, Wording } from './wording.js'

/** A problem of one field, before a surface words it. */
export type FieldWording = Omit<FieldProblem, 'message'> & { message: string | Wording }

export interface ErrorDetails {
  cause?: unknown
  /** Overrides the code's own value, as for a host name that does not exist. */
  retryable?: boolean
  /** Seconds to wait before a retry, where known. */
  retryAfter?: number
  refs?: RefProblem[]
  errors?: readonly FieldWording[]
  result?: SyncResult
}

/**
 * The one error that callers see: `code` is what programs branch on, `message` says what to do. The settings that its
 * texts name are those of the library; `wordedIn` names them otherwise.
 */
export class GitSyncError extends Error {
  override readonly name = 'GitSyncError'
  readonly code: ProblemCode
  readonly retryable: boolean
  readonly retryAfter: number | undefined
  readonly refs: RefProblem[] | undefined
  readonly errors: FieldProblem[] | undefined
  /** The plan, or what the target confirmed, where the run had come so far. */
  result: SyncResult | undefined
  #wording: Wording
  readonly #errors: readonly FieldWording[] | undefined

  constructor(code: ProblemCode, message: string | Wording, details: ErrorDetails = {}) {
    const wording = toWording(message)
    super(wording.in(optionNames), details.cause === undefined ? {} : { cause: details.cause })
    this.code = code
    this.retryable = details.retryable ?? problems[code].retryable
    this.retryAfter = details.retryAfter
    this.refs = details.refs
    this.errors = fieldsIn(optionNames, details.errors)
    this.result = details.result
    this.#wording = wording
    this.#errors = details.errors
  }

  /** The message, to be part of another one. */
  get wording(): Wording {
    return this.#wording
  }

  /** The texts of this error as a surface words them. Refs that the run's failure stopped give it as their reason. */
  wordedIn(names: Names): Pick<GitSyncError, 'message' | 'errors' | 'refs' | 'result'> {
    const { refs, result } = this
    const message = this.#wording.in(names)
    const worded = <Ref extends { reason: string }>(all: Ref[]) =>
      message === this.message
        ? all
        : all.map((ref) => (ref.reason === this.message ? { ...ref, reason: message } : ref))
    return {
      message,
      errors: fieldsIn(names, this.#errors),
      refs: refs && worded(refs),
      result: result && { ...result, refs: worded(result.refs) },
    }
  }

  /** Replaces what is secret in the message, by whatever surface it will be worded. */
  redact(redact: (text: string) => string): void {
    this.message = redact(this.message)
    this.#wording = this.#wording.map(redact)
  }
}

function toWording(text: string | Wording): Wording {
  return typeof text === 'string' ? new Wording([text]) : text
}

function fieldsIn(names: Names, errors: readonly FieldWording[] | undefined): FieldProblem[] | undefined {
  return errors?.map(({ path, message }) => ({ path, message: toWording(message).in(names) }))
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
