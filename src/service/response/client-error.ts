import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { GitSyncError } from '../../errors.js'
import { toProblem } from '../../problem.js'

/** By Node's code of an error: the status, and what it means for a caller. */
const REFUSALS: Record<string, [status: number, detail: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not come in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The request line and headers are too large: 16 KiB is the most.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions of the request body are too large.'],
}
const MALFORMED: [number, string] = [400, 'The request is not valid HTTP/1.1.']

/** Answers what Node's parser refuses, of which no handler ever hears, with a problem document too. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || hasBegunAnswer(socket)) {
    socket.destroy()
    return
  }
  const [status, detail] = REFUSALS[error.code ?? ''] ?? MALFORMED
  const body = problemBody(status, detail)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headersOf(body)).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

/** Answers an `Expect` that nobody meets, of which no handler hears either. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body = problemBody(417, 'This service meets no expectation but 100-continue.')
  response.writeHead(417, headersOf(body)).end(body)
}

function problemBody(status: number, detail: string): string {
  const code = status === 413 ? 'payload_too_large' : 'invalid_request'
  const errors = [{ path: '', message: detail }]
  const problem = new GitSyncError(code, detail, { retryable: status === 408, errors })
  return JSON.stringify({ ...toProblem(problem, crypto.randomUUID()), status })
}

function headersOf(body: string): Record<string, string | number> {
  return {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  }
}

/** What follows another request on its connection must not be written into the answer to that one. */
function hasBegunAnswer(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as Socket & { _httpMessage?: ServerResponse | null }
  return answer?.headersSent === true
}
