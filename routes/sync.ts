import type { FastifyInstance } from 'fastify'
import { SyncRequest } from '../schemas/request.js'
import { SyncResult } from '../schemas/result.js'
import { runOperation } from '../src/service/openapi/openapi.js'
import { respondWithRun } from '../src/service/response/respond-with-run.js'
import type { RunRegistry } from '../src/service/runs/run-registry.js'

export function syncRoute(app: FastifyInstance, runs: RunRegistry): void {
  const schema = runOperation({
    operationId: 'sync',
    summary: 'Creates and fast-forwards refs of the target; a diverged ref blocks the run unless forced.',
    body: SyncRequest,
    result: SyncResult,
  })
  app.post('/sync', { schema }, (request, reply) =>
    respondWithRun(request, reply, 'sync', (handle) => runs.run('sync', request, handle)),
  )
}
