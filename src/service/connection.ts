import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'

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
export function hangUpSignal(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const hangUp = new AbortController()
  onResponseOver(request, reply, () => {
    if (!reply.raw.writableFinished) hangUp.abort()
  })
  return hangUp.signal
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
