import swaggerUi from '@fastify/swagger-ui'
import type { FastifyError, FastifyInstance } from 'fastify'
import Type from 'typebox'
import { GitSyncError } from '../src/errors.js'
import { serviceOperation } from '../src/service/openapi/openapi.js'
import { replyWithProblem } from '../src/service/response/problem.js'

/** Serves the OpenAPI document, and a page to read and try it that loads nothing from other hosts. */
export async function docsRoutes(app: FastifyInstance): Promise<void> {
  const document = serviceOperation({
    operationId: 'openapi',
    summary: 'This document.',
    result: Type.Object({}, { description: 'OpenAPI 3.1.' }),
  })
  // Serialized once, so that waiting responses share one buffer.
  let bytes: Buffer | undefined
  app.get('/openapi.json', { schema: document }, (_request, reply) => {
    bytes ??= Buffer.from(JSON.stringify(app.swagger()))
    return reply.type('application/json; charset=utf-8').send(bytes)
  })
  const page = serviceOperation({
    operationId: 'docs',
    summary: 'A page to read and try this API.',
    result: Type.String({ description: 'HTML.' }),
    contentType: 'text/html',
  })
  // The plugin hides its routes from the document.
  app.addHook('onRoute', (route) => {
    if (/^\/docs\/?$/.test(route.url)) route.schema = page
  })
  await app.register((docs, _options, done) => {
    // The plugin refuses paths that are malformed or lead out of its folder with errors of its own.
    docs.setErrorHandler((error: FastifyError, request, reply) => {
      const isRefusal = error.statusCode !== undefined && error.statusCode < 500
      const own = isRefusal && !(error instanceof GitSyncError)
      return replyWithProblem(own ? new GitSyncError('not_found', NO_PAGE) : error, request, reply)
    })
    void docs.register(swaggerUi, options)
    done()
  })
}

const NO_PAGE = 'There is no such page; start at GET /docs.'
const policy = {
  'default-src': "'none'",
  'script-src': "'self'",
  // The hash of the page's only inline style.
  'style-src': ["'self'", "'unsafe-hashes'", "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='"],
  'img-src': ["'self'", 'data:'],
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

const options = {
  routePrefix: '/docs',
  theme: { title: 'git-sync' },
  uiConfig: { layout: 'BaseLayout', tryItOutEnabled: true, displayRequestDuration: true },
  staticCSP: policy,
}
