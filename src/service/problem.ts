import { Readable } from 'node:stream'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type Problem, type ProblemCode, problems } from '../../schemas/problem.js'
import { GitSyncError } from '../errors.js'
import { jsonChunks } from './json-chunks.js'

const SHUTDOWN_RETRY = 5

/** The problem document of an error; RFC 9457. An error of no known kind is our own, and keeps its words to the log. */
export function toProblem(error: unknown, requestId: string): Problem {
  const { code, message, retryable, retryAfter, refs, errors, result } = asGitSyncError(error)
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

/** Answers with an error's problem document. */
export function replyWithProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request.id)
  if (problem.code === 'internal') request.log.error({ err: error }, 'internal error')
  reply.code(problem.status).type('application/problem+json')
  const retryAfter = problem.retryAfter ?? (problem.status === 503 ? SHUTDOWN_RETRY : undefined)
  if (retryAfter !== undefined && [429, 503].includes(problem.status))
    reply.header('retry-after', Math.ceil(retryAfter))
  return reply.send(Readable.from(jsonChunks(problem), { objectMode: false }))
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

function asGitSyncError(error: unknown): GitSyncError {
  if (error instanceof GitSyncError) return error
  const { code = '', statusCode = 500, message = '' } = error as Partial<FastifyError>
  const known = FROM_FASTIFY[code]
  if (known) return new GitSyncError(known[0], known[1], { cause: error })
  if (statusCode >= 400 && statusCode < 500) {
    const errors = [{ path: '', message }]
    return new GitSyncError('invalid_request', `The request cannot be read: ${message}.`, {
      cause: error,
      errors,
    })
  }
  return new GitSyncError('internal', 'git-sync failed by a bug of its own; its log has the details.', {
    cause: error,
  })
}
