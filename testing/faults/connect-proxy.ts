import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

interface Teardown {
  teardown(action: () => Promise<void>): unknown
}

/** An HTTP proxy that tunnels, to loopback whatever the host: names need not exist where it stands. */
export async function startConnectProxy(t: Teardown) {
  /** What was asked of it: `host:port`, and with which credentials. */
  const tunnels: { to: string; authorization: string | undefined }[] = []
  const sockets = new Set<Socket>()
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connect', (request, socket: Socket, head) => {
    const to = request.url ?? ''
    tunnels.push({ to, authorization: request.headers['proxy-authorization'] })
    const upstream = connect(Number(/\d+$/.exec(to)?.[0]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    for (const end of [socket, upstream]) {
      sockets.add(end)
      end.once('close', () => sockets.delete(end)).on('error', () => {})
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        for (const socket of sockets) socket.destroy()
      }),
  )
  const { port } = server.address() as AddressInfo
  return { host: `127.0.0.1:${port}`, tunnels }
}
