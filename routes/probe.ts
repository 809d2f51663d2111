import type { FastifyInstance } from 'fastify'
import { ProbeRequest } from '../schemas/request.js'
import { ProbeResult } from '../schemas/result.js'
import type { Client } from '../src/engine/client.js'
import { runOperation } from '../src/service/openapi.js'
import { answerRun } from '../src/service/run-answer.js'

export function probeRoute(app: FastifyInstance, client: Client): void {
  const schema = runOperation({
    operationId: 'probe',
    summary: "Lists the source's refs, and what both remotes can do.",
    body: ProbeRequest,
    result: ProbeResult,
  })
  app.post<{ Body: ProbeRequest }>('/probe', { schema }, (request, reply) =>
    answerRun(request, reply, 'probe', (options) => client.probe(request.body, options)),
  )
}
