import type { Socket } from 'node:net'
import { buildConnector } from 'undici'

const LAST_WORDS_MS = 1_000
const BROKEN = new Set(['EPIPE', 'ECONNRESET'])

/**
 * Makes connections that let the remote finish speaking: one who refuses an upload answers (401, 413) and hangs up
 * while we still write. Node would give up at the failed write and lose the answer, which is here already.
 */
export function patientConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  return patiently(buildConnector(options))
}

/** The same for the connections of any connector. */
export function patiently(connect: buildConnector.connector): buildConnector.connector {
  return (target, callback) => {
    connect(target, (...[error, socket]: buildConnector.CallbackArgs) => {
      if (error) return callback(error, null)
      callback(null, patient(socket))
    })
  }
}

type Done = (error?: Error | null) => void

/** A socket whose failed writes are reported only when its reading side has had the time to say why. */
function patient<S extends Socket>(socket: S): S {
  const delayed =
    (done: Done): Done =>
    (error) => {
      if (!error || !BROKEN.has((error as NodeJS.ErrnoException).code ?? '')) return done(error)
      const report = () => {
        clearTimeout(timer)
        socket.off('close', report)
        done(error)
      }
      const timer = setTimeout(report, LAST_WORDS_MS)
      socket.once('close', report)
      return undefined
    }
  const { _write: write, _writev: writev } = socket
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, delayed(done))
  if (writev) socket._writev = (chunks, done) => writev.call(socket, chunks, delayed(done))
  return socket
}
