import type { Socket } from 'node:net'
import { buildConnector } from 'undici'

/** Makes one connection. The signal ends the attempt in any phase, and leaves no socket behind. */
export type Dial = (target: buildConnector.Options, signal: AbortSignal) => Promise<Socket>

/** Dials the target itself, or does TLS with it over `target.httpSocket`. */
export function dialDirectly(options: buildConnector.BuildOptions): Dial {
  // The socket is returned at once, which undici's types leave out.
  const connect = buildConnector(options) as (...args: Parameters<buildConnector.connector>) => Socket
  return (target, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const onAbort = () => {
        reject(signal.reason)
        socket.destroy(new Error('no longer wanted'))
      }
      const socket = connect(target, (...[error, connected]) => {
        signal.removeEventListener('abort', onAbort)
        if (error) reject(error)
        else resolve(connected)
      })
      signal.addEventListener('abort', onAbort, { once: true })
    })
}

/** The port of a target: undici leaves out a scheme's own. */
export function portOf({ port, protocol }: Pick<buildConnector.Options, 'port' | 'protocol'>): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}
