import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { callers, serviceOperation } from '../src/service/openapi/openapi.js'
import type { Metrics } from '../src/service/runs/metrics.js'

export function metricsRoute(app: FastifyInstance, metrics: Metrics): void {
  const schema = serviceOperation({
    operationId: 'metrics',
    summary: 'Metrics of the service, for Prometheus.',
    result: Type.String({ description: 'Prometheus text.' }),
    contentType: 'text/plain',
    security: callers,
    problems: ['unauthorized', 'rate_limited'],
  })
  app.get('/metrics', { schema }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}
