import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Operation } from '../../../schemas/event.js'
import type { ProbeResult, SyncResult } from '../../../schemas/result.js'
import { GitSyncError } from '../../errors.js'
import { bodyOf, jsonChunks } from '../../runtime/json-chunks.js'
import type { RunHandle } from '../runs/run-registry.js'
import { disconnectSignal } from './connection.js'
import { negotiate } from './content-negotiation.js'
import { EventStream } from './event-stream.js'
import { reportProblem } from './problem.js'
import { closeIfUnread } from './unread.js'

export type Work = (handle: RunHandle) => Promise<SyncResult | ProbeResult>

/** The most milliseconds that the status line waits for a plan. */
const MAX_HOLD = 5_000

/** Runs `work` and responds in the form that the caller accepts. A caller that disconnects cancels the run. */
export async function respondWithRun(
  request: FastifyRequest,
  reply: FastifyReply,
  operation: Operation,
  work: Work,
): Promise<FastifyReply> {
  const form = negotiate(request.headers.accept)
  if (!form) {
    const hint = 'send Accept: application/json or application/x-ndjson'
    throw new GitSyncError('not_acceptable', `Neither form of the response is acceptable: ${hint}.`)
  }
  const signal = disconnectSignal(request, reply)
  if (form === 'stream') return streamRun(request, reply, operation, (onEvent) => work({ signal, onEvent }))
  const result = await work({ signal, onEvent: () => {} })
  return reply.type('application/json').send(bodyOf(jsonChunks(result)))
}

async function streamRun(
  request: FastifyRequest,
  reply: FastifyReply,
  operation: Operation,
  work: (onEvent: RunHandle['onEvent']) => Promise<SyncResult | ProbeResult>,
): Promise<FastifyReply> {
  const events = new EventStream((bytes) => request.memory.tryHold('events', bytes))
  events.emit({ type: 'started', operation, requestId: request.id, time: new Date().toISOString() })
  const hold = new StatusHold()
  const running = work((event) => {
    hold.onEvent(event)
    events.emit(event)
  })
  try {
    await Promise.race([hold.released, running])
  } catch (error) {
    events.close()
    throw error
  } finally {
    hold.close()
  }
  running
    .then(
      (result) => events.end({ type: 'result', result }),
      (error: unknown) => events.end({ type: 'error', error: reportProblem(error, request) }),
    )
    .finally(() => closeIfUnread(request, reply))
  return reply
    .type('application/x-ndjson')
    .header('x-accel-buffering', 'no')
    .header('cache-control', 'no-store')
    .send(bodyOf(events))
}

/**
 * Holds the status line back until the plan is complete, so that earlier errors have an HTTP status of their own. A
 * plan is complete when another event follows it: an error in the plan ends the run without one.
 */
class StatusHold {
  readonly released: Promise<void>
  #release = () => {}
  readonly #timer: NodeJS.Timeout
  #planned = false

  constructor() {
    this.released = new Promise((resolve) => (this.#release = resolve))
    this.#timer = setTimeout(() => this.#release(), MAX_HOLD)
  }

  onEvent(event: Parameters<RunHandle['onEvent']>[0]): void {
    if (this.#planned) this.#release()
    else this.#planned = event.type === 'planned'
  }

  close(): void {
    clearTimeout(this.#timer)
  }
}
