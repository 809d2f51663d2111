import swaggerUi from '@fastify/swagger-ui'
import type { FastifyError, FastifyInstance } from 'fastify'
import Type from 'typebox'
import { GitSyncError } from '../src/errors.js'
import { serviceOperation } from '../src/service/openapi/openapi.js'
import { replyWithProblem } from '../src/service/response/problem.js'

/** The OpenAPI document, and a page to read and try it: all of it from here, nothing from elsewhere. */
export async function docsRoutes(app: FastifyInstance): Promise<void> {
  const document = serviceOperation({
    operationId: 'openapi',
    summary: 'This document.',
    result: Type.Object({}, { description: 'OpenAPI 3.1.' }),
  })
  // Made once, and kept once however many wait for it.
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
  // The library hides its routes from the document.
  app.addHook('onRoute', (route) => {
    if (/^\/docs\/?$/.test(route.url)) route.schema = page
  })
  await app.register((docs, _options, done) => {
    // What it cannot serve, it refuses in words of its own: a path that leads out of its folder, or is no path.
    docs.setErrorHandler((error: FastifyError, request, reply) => {
      const isRefusal = error.statusCode !== undefined && error.statusCode < 500
      const own = isRefusal && !(error instanceof GitSyncError)
      return replyWithProblem(own ? new GitSyncError('not_found', NO_PAGE) : error, request, reply)
    })
    void docs.register(swaggerUi, options)
    done()
  })
}

const NO_PAGE = 'There is no such page; GET /docs has the first one.'
const policy = {
  'default-src': "'none'",
  'script-src': "'self'",
  // The one style that the page writes into itself.
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
