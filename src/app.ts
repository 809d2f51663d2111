import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify'
import { docsRoutes } from '../routes/docs.js'
import { healthRoutes } from '../routes/health.js'
import { metricsRoute } from '../routes/metrics.js'
import { planRoute } from '../routes/plan.js'
import { probeRoute } from '../routes/probe.js'
import { replicateRoute } from '../routes/replicate.js'
import { syncRoute } from '../routes/sync.js'
import type { Client } from './engine/client.js'
import { GitSyncError } from './errors.js'
import { type AccessOptions, controlAccess } from './service/access/access.js'
import { checkHosts } from './service/access/host-check.js'
import { acceptJsonBodies } from './service/access/json-body.js'
import { accountForRequests } from './service/access/request-memory.js'
import { openapiOptions } from './service/openapi/openapi.js'
import { rejectExpectation, respondToClientError } from './service/response/client-error.js'
import { boundPipelines } from './service/response/connection.js'
import { replyWithProblem } from './service/response/problem.js'
import { closeIfUnread } from './service/response/unread.js'
import { Admission, type AdmissionLimits } from './service/runs/admission.js'
import { DEFAULT_MEMORY_BUDGET, MemoryBudget } from './service/runs/memory-budget.js'
import { Metrics } from './service/runs/metrics.js'
import { RunRegistry, type RunsOptions } from './service/runs/run-registry.js'

export interface AppOptions extends AccessOptions, Partial<AdmissionLimits> {
  client: Client
  logger?: FastifyServerOptions['logger']
  /** Largest request body in bytes. */
  bodyLimit?: number
  /** Milliseconds that a caller may take to send a request. */
  requestTimeout?: number
  /** Milliseconds that a run may take, waiting not counted. */
  runTimeout?: number
  /** Milliseconds in which an aborted run has to end. */
  grace?: number
  /** Milliseconds that a run may be slow while others wait. */
  slowWindow?: number
  /** Milliseconds in which a caller has to read more of a response that is ready, like nginx's send_timeout. */
  sendTimeout?: number
  /** Bytes that all runs together may hold. */
  memoryBudget?: number
  /** Receives each packet of a run, with the id that the run's log lines have. */
  onPacket?: RunsOptions['onPacket']
}

/** Each connection uses memory before it sends anything. */
const MAX_CONNECTIONS = 10_000

declare module 'fastify' {
  interface FastifyInstance {
    runs: RunRegistry
  }
}

/** Builds the HTTP application: plugins and routes. Listening and signals belong to serve.ts. */
export async function buildApp({
  client,
  logger = false,
  bodyLimit = 1024 * 1024,
  requestTimeout = 60_000,
  maxConcurrent = 16,
  maxQueued = 64,
  runTimeout = 6 * 60 * 60 * 1000,
  grace = 60_000,
  slowWindow = 20 * 60 * 1000,
  sendTimeout = 60_000,
  memoryBudget = DEFAULT_MEMORY_BUDGET,
  onPacket,
  ...access
}: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger,
    bodyLimit,
    requestTimeout,
    // Node checks timeouts at intervals, which must be short compared with the timeout.
    http: {
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: Math.ceil(requestTimeout / 4),
      // checkHosts does this, with a problem document.
      requireHostHeader: false,
    },
    clientErrorHandler: respondToClientError,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => crypto.randomUUID(),
    // Close idle connections only; busy ones close after their response.
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => replyWithProblem(error, request, reply),
  })
  const admission = new Admission({ maxConcurrent, maxQueued })
  const budget = new MemoryBudget(memoryBudget)
  const metrics = new Metrics(admission, budget)
  const runs = new RunRegistry({
    client,
    admission,
    metrics,
    budget,
    runTimeout,
    grace,
    slowWindow,
    onPacket,
  })
  app.server.maxConnections = MAX_CONNECTIONS
  app.server.on('checkExpectation', rejectExpectation)
  app.decorate('metrics', metrics)
  app.decorate('runs', runs)
  acceptJsonBodies(app)
  app.decorate('sendTimeout', sendTimeout)
  // The engine validates requests; the schemas of routes only describe them in the OpenAPI document.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler((error, request, reply) => replyWithProblem(error, request, reply))
  await app.register(helmet)
  boundPipelines(app)
  // Before the body is read, as an unknown route matters more than an invalid body.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) throw unknownRoute(app, request.method, request.url, reply)
  })
  // Reached only for missing files below /docs.
  app.setNotFoundHandler((request, reply) => {
    throw unknownRoute(app, request.method, request.url, reply)
  })
  checkHosts(app, access.callers === undefined)
  await controlAccess(app, access)
  accountForRequests(app, budget)
  app.addHook('onSend', async (request, reply) => {
    // Streams are checked only after their run has ended.
    if (reply.getHeader('content-type') !== 'application/x-ndjson') closeIfUnread(request, reply)
  })
  // During shutdown, keep-alive connections would keep the process running.
  app.addHook('onResponse', async ({ raw }) => {
    if (!runs.isOpen) raw.socket.end()
  })
  await app.register(swagger, openapiOptions)
  healthRoutes(app, runs)
  metricsRoute(app, metrics)
  await docsRoutes(app)
  probeRoute(app, runs)
  planRoute(app, runs)
  syncRoute(app, runs)
  replicateRoute(app, runs)
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
  return new GitSyncError('method_not_allowed', `${path} accepts ${allowed.join(' and ')}, not ${method}.`)
}
