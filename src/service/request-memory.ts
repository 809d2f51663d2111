import type { FastifyInstance } from 'fastify'
import { GitSyncError } from '../errors.js'
import { onResponseOver } from './connection.js'
import type { MemoryBudget, MemoryShare } from './memory-budget.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** What a request with a body, and its run, hold. */
    memory: MemoryShare
  }
}

/** Bytes in memory for each byte of a request: objects and strings weigh more than their JSON. */
const HELD_PER_BYTE = 8

/** Accounts for each request with a body from before that is read until its response is out. */
export function accountForRequests(app: FastifyInstance, budget: MemoryBudget): void {
  app.decorateRequest('memory')
  app.addHook('preParsing', async (request, reply) => {
    if (request.method !== 'POST') return
    const memory = budget.open()
    request.memory = memory
    onResponseOver(request, reply, () => memory.release())
    const { bodyLimit } = request.routeOptions
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    const announced = encoding === undefined ? Number(length ?? 0) : bodyLimit
    if (memory.tryHold('request', Math.min(announced, bodyLimit) * HELD_PER_BYTE)) return
    throw new GitSyncError(
      'overloaded',
      'Other requests use the memory that GITSYNC_MEMORY_BUDGET allows: try again later.',
    )
  })
}
