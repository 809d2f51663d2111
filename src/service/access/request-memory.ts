import { type Readable, Transform } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { GitSyncError } from '../../errors.js'
import { onResponseOver } from '../response/connection.js'
import type { MemoryBudget, MemoryShare } from '../runs/memory-budget.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The memory that a request with a body and its run hold. */
    memory: MemoryShare
  }
}

/** Bytes in memory for each byte of a parsed request: objects and strings are larger than their JSON. */
const HELD_PER_BYTE = 8

/** Accounts for each request with a body, from its first byte until its response has been sent. */
export function accountForRequests(app: FastifyInstance, budget: MemoryBudget): void {
  app.decorateRequest('memory')
  app.addHook('preParsing', async (request, reply, body) => {
    if (request.method !== 'POST') return undefined
    const memory = budget.open()
    request.memory = memory
    onResponseOver(request, reply, () => memory.release())
    return accounted(body as Readable, memory)
  })
}

/** Counts bytes as they arrive: a caller must not be able to reserve memory by a Content-Length alone. */
function accounted(body: Readable, memory: MemoryShare): Readable {
  let received = 0
  const hold = (bytes: number) => (memory.tryHold('request', bytes) ? null : full())
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length
      done(hold(received), chunk)
    },
    flush: (done) => done(hold(received * HELD_PER_BYTE)),
  })
  body.on('error', (error) => counter.destroy(error))
  return body.pipe(counter)
}

function full(): GitSyncError {
  const message = 'Other requests use the memory that GITSYNC_MEMORY_BUDGET allows: try again later.'
  return new GitSyncError('overloaded', message)
}
