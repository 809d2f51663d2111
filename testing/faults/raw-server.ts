import { type AddressInfo, createServer, type Socket } from 'node:net'

interface Teardown {
  teardown(action: () => Promise<void>): unknown
}

/** A server on loopback that does with each connection whatever the test wants, and sees which are still open. */
export async function startRawServer(t: Teardown, onConnection: (socket: Socket, nth: number) => void) {
  const open = new Set<Socket>()
  let connections = 0
  let wake = () => {}
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    wake()
    socket.on('error', () => {})
    socket.once('close', () => {
      open.delete(socket)
      wake()
    })
    // The other side's end is seen only by one that reads.
    socket.once('end', () => socket.end())
    onConnection(socket, connections++)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  )
  const until = async (isTrue: () => boolean) => {
    while (!isTrue()) await new Promise<void>((resolve) => (wake = resolve))
  }
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections
    },
    /** Resolves when somebody is connected. */
    reached: () => until(() => open.size > 0),
    /** Resolves when nobody is any more. */
    idle: () => until(() => open.size === 0),
  }
}

/** Calls back at the end of each head that comes in. */
export function onHead(socket: Socket, action: (head: string) => void): void {
  let held = ''
  socket.on('data', (chunk) => {
    held += chunk.toString('latin1')
    for (let end = held.indexOf('\r\n\r\n'); end >= 0; end = held.indexOf('\r\n\r\n')) {
      const head = held.slice(0, end)
      held = held.slice(end + 4)
      action(head)
    }
  })
}
