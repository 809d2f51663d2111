import type { FastifyInstance } from 'fastify'
import { Health } from '../schemas/health.js'
import { serviceOperation } from '../src/service/openapi.js'

export function healthRoutes(app: FastifyInstance): void {
  const runs = serviceOperation({ operationId: 'healthz', summary: 'The process runs.', result: Health })
  const takes = serviceOperation({
    operationId: 'readyz',
    summary: 'New work is taken.',
    result: Health,
    problems: ['shutting_down'],
  })
  const config = { rateLimit: false as const }
  app.get('/healthz', { schema: runs, config }, (): Health => ({ status: 'ok' }))
  app.get('/readyz', { schema: takes, config }, (): Health => ({ status: 'ready' }))
}
