import type { FastifyInstance } from 'fastify'
import { PlanRequest } from '../schemas/request.js'
import { PlanResult } from '../schemas/result.js'
import { runOperation } from '../src/service/openapi/openapi.js'
import { respondWithRun } from '../src/service/response/respond-with-run.js'
import type { RunRegistry } from '../src/service/runs/run-registry.js'

export function planRoute(app: FastifyInstance, runs: RunRegistry): void {
  const schema = runOperation({
    operationId: 'plan',
    summary: 'Plans a sync ref by ref, without pushing anything.',
    body: PlanRequest,
    result: PlanResult,
  })
  app.post('/plan', { schema }, (request, reply) =>
    respondWithRun(request, reply, 'plan', (handle) => runs.run('plan', request, handle)),
  )
}
