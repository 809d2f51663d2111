import type { FastifyInstance } from 'fastify'

export function healthRoutes(app: FastifyInstance): void {
  app.get('/healthz', { schema: { operationId: 'healthz', summary: 'The process runs.' } }, () => ({
    status: 'ok',
  }))
  app.get('/readyz', { schema: { operationId: 'readyz', summary: 'New work is taken.' } }, () => ({
    status: 'ready',
  }))
}
