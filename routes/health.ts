import type { FastifyInstance } from 'fastify'
import { Health } from '../schemas/health.js'
import { GitSyncError } from '../src/errors.js'
import { serviceOperation } from '../src/service/openapi/openapi.js'
import type { RunRegistry } from '../src/service/runs/run-registry.js'

export function healthRoutes(app: FastifyInstance, runs: RunRegistry): void {
  const live = serviceOperation({
    operationId: 'healthz',
    summary: 'Liveness: the process runs.',
    result: Health,
  })
  const ready = serviceOperation({
    operationId: 'readyz',
    summary: 'Readiness: the service accepts new runs.',
    result: Health,
    problems: ['shutting_down'],
  })
  const config = { rateLimit: false as const }
  app.get('/healthz', { schema: live, config }, (): Health => ({ status: 'ok' }))
  app.get('/readyz', { schema: ready, config }, (): Health => {
    if (!runs.isOpen) throw new GitSyncError('shutting_down', 'The service is shutting down.')
    return { status: 'ready' }
  })
}
