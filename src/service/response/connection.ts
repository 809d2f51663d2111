import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Callbacks that wait for a response, by connection. */
const due = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls `action` once a response has been sent or its connection has closed. Node emits `close` only on the response
 * that owns the connection, so responses to pipelined requests behind it learn of a disconnect from the socket.
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

/** Returns a signal that aborts if the connection closes before the response is complete. */
export function disconnectSignal(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const disconnect = new AbortController()
  onResponseOver(request, reply, () => {
    if (!reply.raw.writableFinished) disconnect.abort()
  })
  return disconnect.signal
}

/** Adds a single listener to a connection, however many requests are pipelined on it. */
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

/** Requests that may wait for their responses on one connection. A single read may bring a thousand more. */
const MOST_PIPELINED = 100

interface Line {
  length: number
  /** Resolves when the last response has been sent. */
  last: Promise<void>
}

/**
 * Bounds the memory that a caller can use by pipelining requests and reading nothing. Too many requests close the
 * connection, and responses other than those of runs are made only after the responses before them have been sent.
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
