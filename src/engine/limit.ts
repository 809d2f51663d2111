import { GitSyncError } from '../errors.js'
import { HttpStatusError } from '../git/http-status.js'

/** A cut connection counts as a limit of the target's only after more than this went out. */
const MIN_CUT_BYTES = 1024 * 1024
const LIMIT_STATUSES = [408, 413, 504]

/** A pack was too large for the target, or took too long: less at a time may do. Nothing has moved. */
export class LimitRefusal extends Error {
  override readonly name = 'LimitRefusal'

  /** `bytes` of the pack had gone out; `error` is what to say where nothing can be done about it. */
  constructor(
    readonly why: string,
    readonly bytes: number,
    readonly error: GitSyncError,
  ) {
    super(why)
  }
}

/** Whether a failed push speaks of a limit. */
export function limitRefusal(error: GitSyncError, bytes: number): LimitRefusal | undefined {
  if (error.cause instanceof LimitRefusal) return error.cause
  const after = `after ${mebibytes(bytes)}`
  if (error.cause instanceof HttpStatusError && LIMIT_STATUSES.includes(error.cause.status)) {
    return new LimitRefusal(`the target answered ${error.cause.status} ${after}`, bytes, asLimit(error))
  }
  if (error.code === 'target_unreachable' && bytes > MIN_CUT_BYTES) {
    return new LimitRefusal(`the target cut the connection ${after}`, bytes, error)
  }
  return undefined
}

/** The error that stops a relay at a limit that the target is known to have. */
export function overTargetLimit(limit: number): GitSyncError {
  const error = new GitSyncError(
    'pack_limit_exceeded',
    `A pack is over the target's limit of ${mebibytes(limit)}.`,
  )
  const cause = new LimitRefusal(`a pack passed the limit of ${mebibytes(limit)}`, limit, error)
  return new GitSyncError(error.code, error.message, { cause })
}

export function mebibytes(bytes: number): string {
  if (bytes < 50 * 1024) return `${Math.round(bytes)} bytes`
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}

function asLimit(error: GitSyncError): GitSyncError {
  if (error.code === 'pack_limit_exceeded') return error
  return new GitSyncError('pack_limit_exceeded', error.message, { cause: error })
}
