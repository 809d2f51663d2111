import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Problem, ProblemCode } from '../../../schemas/problem.js'
import { GitSyncError } from '../../errors.js'
import { toProblem } from '../../problem.js'
import { bodyOf, jsonChunks } from '../../runtime/json-chunks.js'
import type { Metrics } from '../runs/metrics.js'

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Metrics
  }
}

/** Seconds for `Retry-After` when the service refuses temporarily without knowing for how long. */
const DEFAULT_RETRY = 5

/** Returns the problem document for a caller, logs internal errors, and counts refusals. */
export function reportProblem(error: unknown, request: FastifyRequest): Problem {
  const problem = toProblem(asGitSyncError(error), request.id)
  if (problem.code === 'internal') request.log.error({ err: error }, 'internal error')
  request.server.metrics.countProblem(problem.code)
  return problem
}

/** Responds with the problem document of an error. */
export function replyWithProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = reportProblem(error, request)
  reply.code(problem.status).type('application/problem+json')
  const retryAfter =
    problem.retryAfter ??
    (problem.retryable && [429, 503].includes(problem.status) ? DEFAULT_RETRY : undefined)
  if (retryAfter !== undefined) reply.header('retry-after', Math.ceil(retryAfter))
  return reply.send(bodyOf(jsonChunks(problem)))
}

const FROM_FASTIFY: Record<string, [ProblemCode, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'payload_too_large',
    'The request body is larger than GITSYNC_BODY_LIMIT allows.',
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'Send the request with Content-Type: application/json.',
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_request', 'The request body is empty: send a JSON object.'],
}

/** The callbacks of a run are the service's own. */
const OURS: ReadonlySet<ProblemCode> = new Set(['internal', 'callback_failed'])

/** An error of no known kind is our own, and its words are for the log alone. */
export function asGitSyncError(error: unknown): GitSyncError {
  if (error instanceof GitSyncError && !OURS.has(error.code)) return error
  return asRequestError(error) ?? internalError(error)
}

/** Converts Fastify's errors about a request, and truncated bodies. Messages of other errors may expose too much. */
function asRequestError(error: unknown): GitSyncError | undefined {
  if (!(error instanceof Error)) return undefined
  const { code = '', statusCode = 500, message } = error as Partial<FastifyError> & Error
  // Nobody is left to read the response.
  if (code === 'ERR_STREAM_PREMATURE_CLOSE') return new GitSyncError('cancelled', 'The caller disconnected.')
  if (!/^FST_|^ECONNRESET$/.test(code) || statusCode < 400 || statusCode >= 500) return undefined
  const unreadable = `The request cannot be read: ${message}.`
  const [known, detail] = FROM_FASTIFY[code] ?? ['invalid_request', unreadable]
  const errors = [{ path: '', message }]
  return new GitSyncError(known, detail, known === 'invalid_request' ? { errors } : {})
}

/** Hides the message, which is logged, but keeps the result of the run so far. */
function internalError(error: unknown): GitSyncError {
  const result = error instanceof GitSyncError ? error.result : undefined
  const detail = 'Internal error in git-sync (this is a bug); its log has the details.'
  return new GitSyncError('internal', detail, result && { result })
}
