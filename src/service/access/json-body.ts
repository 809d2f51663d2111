import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { quoted } from '../../engine/request/validate-text.js'
import { GitSyncError } from '../../errors.js'

/**
 * Reads request bodies as JSON in UTF-8, and refuses everything else. Bytes of another charset must not become U+FFFD:
 * a run would then act on refs that the caller did not name.
 */
export function acceptJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addHook('preParsing', async ({ headers }) => {
    const coding = headers['content-encoding']?.trim() || 'identity'
    if (coding.toLowerCase() === 'identity') return
    const hint = 'send the body uncompressed, without a Content-Encoding'
    throw new GitSyncError(
      'unsupported_media_type',
      `This service does not decode ${quoted(coding)} bodies: ${hint}.`,
    )
  })
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const problem = charsetProblem(request) ?? encodingProblem(body)
    if (problem === undefined) void parse(request, body.toString(), done)
    else done(invalidBody(problem))
  })
}

function charsetProblem({ headers }: FastifyRequest): string | undefined {
  for (const [, charset = ''] of (headers['content-type'] ?? '').matchAll(CHARSET)) {
    if (!/^utf-?8$/i.test(charset)) return `its charset must be utf-8, not ${quoted(charset)}`
  }
  return undefined
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/gi

function encodingProblem(body: Buffer): string | undefined {
  if (isUtf8(body)) return undefined
  const [first, second] = body
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  return isUtf16 ? 'it is UTF-16' : 'it contains bytes that are not UTF-8'
}

function invalidBody(problem: string): GitSyncError {
  const message = `The request body must be JSON in UTF-8: ${problem}.`
  return new GitSyncError('invalid_request', message, { errors: [{ path: '', message: problem }] })
}
