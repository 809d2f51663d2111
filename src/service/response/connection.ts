import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** By connection: what waits for the responses that are still due on it. */
const due = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls `action` once a response is out or its connection is gone. Node emits `close` for the response that has the
 * connection alone: those of pipelined requests behind it learn of a hang-up from the socket.
 */
export function onResponseOver(
  { raw: { socket } }: FastifyRequest,
  { raw }: FastifyReply,
  action: () => void,
) {
  if (socket.destroyed || raw.destroyed) return action()
  const waiting = dueOn(socket)
  const over = () => {
    raw.off('close', over)
    if (waiting.delete(over)) action()
  }
  raw.on('close', over)
  waiting.add(over)
}

/** Aborts when the connection closes before the response was finished. */
export function disconnectSignal(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const disconnect = new AbortController()
  onResponseOver(request, reply, () => {
    if (!reply.raw.writableFinished) disconnect.abort()
  })
  return disconnect.signal
}

/** One listener for a connection, however many requests are pipelined on it. */
function dueOn(socket: Socket): Set<() => void> {
  const known = due.get(socket)
  if (known) return known
  const waiting = new Set<() => void>()
  due.set(socket, waiting)
  socket.once('close', () => {
    for (const over of waiting) over()
  })
  return waiting
}

/** Requests that may wait for their responses on one connection; a single read may bring a thousand more. */
const MOST_PIPELINED = 100

interface Line {
  length: number
  /** Resolves when the last response is out. */
  last: Promise<void>
}

/**
 * Bounds what a caller who pipelines and reads nothing can have made: past so many requests its connection is closed,
 * and what no run answers is made only once the responses before it are out.
 */
export function boundPipelines(app: FastifyInstance): void {
  const lines = new WeakMap<Socket, Line>()
  app.addHook('onRequest', async (request, reply) => {
    const { socket } = request.raw
    const line = lines.get(socket) ?? { length: 0, last: Promise.resolve() }
    lines.set(socket, line)
    if (line.length === MOST_PIPELINED) {
      request.log.warn('too many pipelined requests: connection closed')
      socket.destroy()
    }
    if (socket.destroyed) return reply.hijack()
    const { length, last } = line
    line.length++
    line.last = new Promise((resolve) => {
      onResponseOver(request, reply, () => {
        line.length--
        resolve()
      })
    })
    if (length === 0 || request.method === 'POST') return undefined
    await last
    return socket.destroyed ? reply.hijack() : undefined
  })
}
