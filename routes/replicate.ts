import type { FastifyInstance } from 'fastify'
import { SyncRequest } from '../schemas/request.js'
import { SyncResult } from '../schemas/result.js'
import type { Client } from '../src/engine/client.js'
import { runOperation } from '../src/service/openapi.js'
import { answerRun } from '../src/service/run-answer.js'

export function replicateRoute(app: FastifyInstance, client: Client): void {
  const schema = runOperation({
    operationId: 'replicate',
    summary: "Makes the target's refs those of the source, whatever it has.",
    body: SyncRequest,
    result: SyncResult,
  })
  app.post<{ Body: SyncRequest }>('/replicate', { schema }, (request, reply) =>
    answerRun(request, reply, 'replicate', (options) => client.replicate(request.body, options)),
  )
}
