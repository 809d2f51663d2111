import type { FastifyReply, FastifyRequest } from 'fastify'
import { onResponseOver } from './connection.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Milliseconds in which a caller has to read more of a response that is ready. */
    sendTimeout: number
  }
}

/**
 * Closes the connection of a caller that does not read its response, which would otherwise stay in memory. Responses
 * are written in pieces of at most 64 KiB, so reading a few bytes now and then is not enough.
 */
export function closeIfUnread(request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = reply
  const { sendTimeout } = request.server
  let [lastWritten, since] = [-1, performance.now()]
  const timer = setInterval(() => {
    // There is no socket while an earlier request on the connection has no complete response.
    const written = raw.socket ? raw.socket.bytesWritten - raw.socket.writableLength : 0
    const isWaiting = raw.writableNeedDrain || (raw.socket?.writableLength ?? 0) > 0
    if (written !== lastWritten || !isWaiting) [lastWritten, since] = [written, performance.now()]
    if (performance.now() - since < sendTimeout) return
    request.log.warn('response not read in time: connection closed')
    request.raw.socket.destroy()
  }, sendTimeout / 4).unref()
  onResponseOver(request, reply, () => clearInterval(timer))
}
