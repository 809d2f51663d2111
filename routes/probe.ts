import type { FastifyInstance } from 'fastify'
import { ProbeRequest } from '../schemas/request.js'
import { ProbeResult } from '../schemas/result.js'
import { runOperation } from '../src/service/openapi/openapi.js'
import { respondWithRun } from '../src/service/response/respond-with-run.js'
import type { RunRegistry } from '../src/service/runs/run-registry.js'

export function probeRoute(app: FastifyInstance, runs: RunRegistry): void {
  const schema = runOperation({
    operationId: 'probe',
    summary: "Lists the source's refs and the capabilities of both remotes.",
    body: ProbeRequest,
    result: ProbeResult,
  })
  app.post('/probe', { schema }, (request, reply) =>
    respondWithRun(request, reply, 'probe', (handle) => runs.run('probe', request, handle)),
  )
}
