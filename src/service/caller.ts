import type { FastifyRequest } from 'fastify'

/** Who asks: what admission is fair between, and what the log names. */
export function callerOf(request: FastifyRequest): string {
  return request.ip
}
