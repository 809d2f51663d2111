import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { GitSyncError } from '../../errors.js'
import { toProblem } from '../../problem.js'

/** The status and detail for each error code of Node's HTTP parser. */
const REFUSALS: Record<string, [status: number, detail: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The request line and headers are larger than 16 KiB.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions of the request body are too large.'],
}
const MALFORMED: [number, string] = [400, 'The request is not valid HTTP/1.1.']

/** Responds with a problem document to requests that Node's parser refuses, which never reach a handler. */
export function respondToClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || hasBegunResponse(socket)) {
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

/** Responds with a problem document to an unknown `Expect`, which never reaches a handler either. */
export function rejectExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body = problemBody(417, 'This service supports no expectation but 100-continue.')
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

/** Whether writing now would corrupt the response to an earlier request on the same connection. */
function hasBegunResponse(socket: Socket): boolean {
  const { _httpMessage: response } = socket as Socket & { _httpMessage?: ServerResponse | null }
  return response?.headersSent === true
}
