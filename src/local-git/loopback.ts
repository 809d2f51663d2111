import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'

export interface Loopback {
  /** Scheme, host and port, without a trailing slash. */
  origin: string
  /** Stops listening and destroys all connections. */
  close(): Promise<void>
}

/** Serves HTTP, or HTTPS, on a free port of the loopback interface. */
export async function listen(handler: RequestListener, tls?: SecureContextOptions): Promise<Loopback> {
  const server = tls ? createTlsServer(tls, handler) : createServer(handler)
  // Only the caller limits how long a request may take.
  Object.assign(server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 })
  const sockets = trackSockets(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function trackSockets(server: Server) {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}
