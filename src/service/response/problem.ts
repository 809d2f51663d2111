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

/** Seconds to wait where we refuse for a while and nobody knows how long. */
const DEFAULT_RETRY = 5

/** The problem document that a caller is given; what others should know of it goes to the log and the metrics. */
export function reportProblem(error: unknown, request: FastifyRequest): Problem {
  const problem = toProblem(asGitSyncError(error), request.id)
  if (problem.code === 'internal') request.log.error({ err: error }, 'internal error')
  request.server.metrics.countProblem(problem.code)
  return problem
}

/** Answers with an error's problem document. */
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

/** An error of no known kind is our own, and its words are for the log alone. */
export function asGitSyncError(error: unknown): GitSyncError {
  if (error instanceof GitSyncError && error.code !== 'internal') return error
  return asRequestError(error) ?? internalError(error)
}

/** What Fastify found wrong with a request, or that its body was cut. The words of anything else may tell too much. */
function asRequestError(error: unknown): GitSyncError | undefined {
  if (!(error instanceof Error)) return undefined
  const { code = '', statusCode = 500, message } = error as Partial<FastifyError> & Error
  // Nobody is left to read the response.
  if (code === 'ERR_STREAM_PREMATURE_CLOSE') return new GitSyncError('cancelled', 'The caller hung up.')
  if (!/^FST_|^ECONNRESET$/.test(code) || statusCode < 400 || statusCode >= 500) return undefined
  const unreadable = `The request cannot be read: ${message}.`
  const [known, detail] = FROM_FASTIFY[code] ?? ['invalid_request', unreadable]
  const errors = [{ path: '', message }]
  return new GitSyncError(known, detail, known === 'invalid_request' ? { errors } : {})
}

/** Its words are for the log alone; what the run has come to is for the caller. */
function internalError(error: unknown): GitSyncError {
  const result = error instanceof GitSyncError ? error.result : undefined
  const detail = 'git-sync failed by a bug of its own; its log has the details.'
  return new GitSyncError('internal', detail, result && { result })
}
