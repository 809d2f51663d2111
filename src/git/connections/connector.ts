import type { Socket } from 'node:net'
import { buildConnector } from 'undici'

const EARLY_RESPONSE_MS = 1_000
const BROKEN = new Set(['EPIPE', 'ECONNRESET'])

/** Makes connections with sockets that read early responses. */
export function connectorReadingEarlyResponses(
  options: buildConnector.BuildOptions,
): buildConnector.connector {
  const connect = buildConnector(options)
  return (target, callback) => {
    connect(target, (...[error, socket]: buildConnector.CallbackArgs) => {
      if (error) return callback(error, null)
      callback(null, readingEarlyResponses(socket))
    })
  }
}

type Done = (error?: Error | null) => void

/**
 * Lets the remote finish its response: one that refuses an upload responds (401, 413) and disconnects while we still
 * write. Node would give up at the failed write and lose the response, which has arrived already, so a failed write is
 * reported only after the reading side has had time to deliver it.
 */
export function readingEarlyResponses<S extends Socket>(socket: S): S {
  const delayed =
    (done: Done): Done =>
    (error) => {
      if (!error || !BROKEN.has((error as NodeJS.ErrnoException).code ?? '')) return done(error)
      const report = () => {
        clearTimeout(timer)
        socket.off('close', report)
        done(error)
      }
      const timer = setTimeout(report, EARLY_RESPONSE_MS)
      socket.once('close', report)
      return undefined
    }
  const { _write: write, _writev: writev } = socket
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, delayed(done))
  if (writev) socket._writev = (chunks, done) => writev.call(socket, chunks, delayed(done))
  return socket
}
