import type { FastifyInstance } from 'fastify'
import { SyncRequest } from '../schemas/request.js'
import { SyncResult } from '../schemas/result.js'
import type { Client } from '../src/engine/client.js'
import { runOperation } from '../src/service/openapi.js'
import { answerRun } from '../src/service/run-answer.js'

export function syncRoute(app: FastifyInstance, client: Client): void {
  const schema = runOperation({
    operationId: 'sync',
    summary: "Brings the target's refs to those of the source.",
    body: SyncRequest,
    result: SyncResult,
  })
  app.post<{ Body: SyncRequest }>('/sync', { schema }, (request, reply) =>
    answerRun(request, reply, 'sync', (options) => client.sync(request.body, options)),
  )
}
