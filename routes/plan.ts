import type { FastifyInstance } from 'fastify'
import { PlanRequest } from '../schemas/request.js'
import { PlanResult } from '../schemas/result.js'
import type { Client } from '../src/engine/client.js'
import { runOperation } from '../src/service/openapi.js'
import { answerRun } from '../src/service/run-answer.js'

export function planRoute(app: FastifyInstance, client: Client): void {
  const schema = runOperation({
    operationId: 'plan',
    summary: 'Says what a sync would do, ref by ref, and pushes nothing.',
    body: PlanRequest,
    result: PlanResult,
  })
  app.post<{ Body: PlanRequest }>('/plan', { schema }, (request, reply) =>
    answerRun(request, reply, 'plan', (options) => client.plan(request.body, options)),
  )
}
