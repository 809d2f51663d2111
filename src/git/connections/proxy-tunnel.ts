import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { VERSION } from '../../version.js'
import { type Dial, dialDirectly, portOf } from './dial.js'

// RFC 9110, 9.3.6: CONNECT.

/** An HTTP proxy; its credentials are in no text that is shown. */
export interface ProxyServer {
  protocol: 'http:' | 'https:'
  /** Without the brackets of IPv6. */
  hostname: string
  port: string
  /** Host and port, to show. */
  host: string
  /** For `Proxy-Authorization`. */
  authorization: string | undefined
}

/** The proxy was not reached, which has a cause, or it refused the tunnel, by a status or otherwise. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
  readonly status: number | undefined
  readonly retryable: boolean

  constructor(
    readonly host: string,
    message: string,
    { status, retryable = false, cause }: { status?: number; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? {} : { cause })
    this.status = status
    this.retryable = retryable
  }
}

/** Of what a proxy says before its tunnel is open. */
const MAX_HEAD_BYTES = 64 * 1024

/** Dials through a tunnel of the proxy, with TLS to the target inside of it where the target's scheme is https. */
export function dialThrough(proxy: ProxyServer, tls: buildConnector.BuildOptions): Dial {
  const [dialProxy, dialTls] = [dialDirectly({}), dialDirectly(tls)]
  return async (target, signal) => {
    const { protocol, hostname, port, host } = proxy
    const socket = await dialProxy({ protocol, hostname, port, host }, signal).catch((cause: unknown) => {
      signal.throwIfAborted()
      throw new ProxyError(host, 'cannot be reached', { cause, retryable: true })
    })
    try {
      await openTunnel(socket, proxy, authority(target), signal)
      return target.protocol === 'https:' ? await dialTls({ ...target, httpSocket: socket }, signal) : socket
    } catch (error) {
      socket.on('error', () => {}).destroy()
      throw error
    }
  }
}

function authority(target: buildConnector.Options): string {
  const { hostname } = target
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${portOf(target)}`
}

async function openTunnel(
  socket: Socket,
  { authorization, host }: ProxyServer,
  to: string,
  signal: AbortSignal,
): Promise<void> {
  const lines = [`CONNECT ${to} HTTP/1.1`, `Host: ${to}`, `User-Agent: git/git-sync-${VERSION}`]
  if (authorization !== undefined) lines.push(`Proxy-Authorization: ${authorization}`)
  socket.write(`${[...lines, 'Proxy-Connection: keep-alive'].join('\r\n')}\r\n\r\n`)
  const status = await connectStatus(socket, host, signal)
  if (status < 200 || status > 299) {
    throw new ProxyError(host, `responded to CONNECT with HTTP ${status}`, { status })
  }
}

/** Reads what the proxy says, and not one byte of what follows: that is the tunnel's. */
function connectStatus(socket: Socket, host: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let held: Buffer = Buffer.alloc(0)
    const settle = (action: () => void) => {
      for (const event of ['error', 'end', 'close']) socket.off(event, onBroken)
      socket.off('readable', onReadable)
      signal.removeEventListener('abort', onAbort)
      action()
    }
    const onAbort = () => settle(() => reject(signal.reason))
    const onBroken = (cause?: unknown) => {
      const details = { ...(cause instanceof Error && { cause }), retryable: true }
      settle(() =>
        reject(new ProxyError(host, 'closed the connection before it responded to CONNECT', details)),
      )
    }
    const onReadable = () => {
      const chunk: Buffer | null = socket.read()
      if (chunk === null) return
      held = Buffer.concat([held, chunk])
      try {
        const connectResponse = parseConnectResponse(held)
        if (!connectResponse) return
        settle(() => resolve(connectResponse.status))
        if (connectResponse.length < held.length) socket.unshift(held.subarray(connectResponse.length))
      } catch (error) {
        settle(() => reject(new ProxyError(host, (error as Error).message, { retryable: false })))
      }
    }
    for (const event of ['error', 'end', 'close']) socket.on(event, onBroken)
    socket.on('readable', onReadable)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

/**
 * The status of the final response to CONNECT, and the length of all heads up to its end; undefined until they have
 * come.
 *
 * @throws Error that says what is wrong with them
 */
export function parseConnectResponse(bytes: Buffer): { status: number; length: number } | undefined {
  const text = bytes.toString('latin1', 0, MAX_HEAD_BYTES)
  for (let start = 0; ; ) {
    const begin = text.slice(start, start + 12)
    if (!/^HTTP\/1\.\d \d{3}$/.test(begin + 'HTTP/1.1 200'.slice(begin.length)))
      throw new Error('does not speak HTTP')
    const end = HEAD_END.exec(text.slice(start))
    if (!end) break
    start += end.index + end[0].length
    const status = Number(begin.slice(9))
    if (status >= 200) return { status, length: start }
  }
  if (text.length < MAX_HEAD_BYTES) return undefined
  throw new Error(`responded to CONNECT with more than ${MAX_HEAD_BYTES / 1024} KiB of headers`)
}

/** Some proxies end their lines in LF alone. */
const HEAD_END = /\r?\n\r?\n/
