import type { FastifyInstance } from 'fastify'
import { SyncRequest } from '../schemas/request.js'
import { SyncResult } from '../schemas/result.js'
import { runOperation } from '../src/service/openapi/openapi.js'
import { respondWithRun } from '../src/service/response/respond-with-run.js'
import type { RunRegistry } from '../src/service/runs/run-registry.js'

export function replicateRoute(app: FastifyInstance, runs: RunRegistry): void {
  const schema = runOperation({
    operationId: 'replicate',
    summary: "Makes the target's refs equal to the source's, overwriting what differs.",
    body: SyncRequest,
    result: SyncResult,
  })
  app.post('/replicate', { schema }, (request, reply) =>
    respondWithRun(request, reply, 'replicate', (handle) => runs.run('replicate', request, handle)),
  )
}
