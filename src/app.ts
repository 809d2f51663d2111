import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify'
import { docsRoutes } from '../routes/docs.js'
import { healthRoutes } from '../routes/health.js'
import { planRoute } from '../routes/plan.js'
import { probeRoute } from '../routes/probe.js'
import { replicateRoute } from '../routes/replicate.js'
import { syncRoute } from '../routes/sync.js'
import type { Client } from './engine/client.js'
import { GitSyncError } from './errors.js'
import { openapiOptions } from './service/openapi.js'
import { replyWithProblem } from './service/problem.js'

export interface AppOptions {
  client: Client
  logger?: FastifyServerOptions['logger']
  /** Largest request body in bytes. */
  bodyLimit?: number
}

/** The HTTP application: plugins and routes. Listening and signals are main.ts's. */
export async function buildApp({
  client,
  logger = false,
  bodyLimit = 1024 * 1024,
}: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger,
    bodyLimit,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => crypto.randomUUID(),
    frameworkErrors: (error, request, reply) => replyWithProblem(error, request, reply),
  })
  app.removeContentTypeParser('text/plain')
  // The library validates: the routes' schemas are for the OpenAPI document alone.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler((error, request, reply) => replyWithProblem(error, request, reply))
  // Before the body is read: what is wrong with it does not matter here.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) throw unknownRoute(app, request.method, request.url, reply)
  })
  // For a file that /docs does not have.
  app.setNotFoundHandler((request, reply) => {
    throw unknownRoute(app, request.method, request.url, reply)
  })
  await app.register(swagger, openapiOptions)
  healthRoutes(app)
  await docsRoutes(app)
  probeRoute(app, client)
  planRoute(app, client)
  syncRoute(app, client)
  replicateRoute(app, client)
  return app
}

const METHODS = ['GET', 'HEAD', 'POST']

function unknownRoute(
  app: FastifyInstance,
  method: string,
  url: string,
  reply: { header: (name: string, value: string) => unknown },
): GitSyncError {
  const path = url.split('?')[0] ?? ''
  const allowed = METHODS.filter((other) => app.hasRoute({ method: other, url: path }))
  if (allowed.length === 0)
    return new GitSyncError('not_found', 'There is no such route; GET /openapi.json lists them.')
  reply.header('allow', allowed.join(', '))
  return new GitSyncError('method_not_allowed', `${path} takes ${allowed.join(' and ')}, not ${method}.`)
}
