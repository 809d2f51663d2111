import type { ClientRequest, ClientRequestArgs, ServerResponse } from 'node:http'
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { connectorReadingEarlyResponses } from '../../src/git/connections/connector.js'

export interface Exchange {
  request: IncomingMessage
  /** What is to be sent on as the request's body. */
  body: Readable
  response: ServerResponse
  /** The base URL that the request goes to. */
  target: string
}

/** Sends a request on, its body apart, and hands over the response; a broken side breaks the other. */
export function forward(
  { request, response, target }: Exchange,
  onResponse: (upstream: IncomingMessage) => void,
): ClientRequest {
  const upstream = httpRequest(`${target}${request.url}`, {
    method: request.method ?? 'GET',
    headers: endToEnd(request.headers),
    createConnection: patientConnection,
  })
  upstream.once('response', (message) => {
    message.once('error', () => response.destroy())
    onResponse(message)
  })
  // A target that responds early may close the connection too: its response counts.
  upstream.on('error', () => {
    if (!response.headersSent) response.destroy()
  })
  response.once('close', () => upstream.destroy())
  return upstream
}

const connect = connectorReadingEarlyResponses({})

/** One on which a response that comes before the whole request is not lost. */
function patientConnection(
  { hostname, port }: ClientRequestArgs,
  done: (error: Error | null, socket: Duplex) => void,
): undefined {
  const server = { hostname: hostname ?? '', port: String(port), protocol: 'http:' }
  connect(server, (...[error, socket]) => done(error, socket as Duplex))
}

/** Without the headers that are about one connection. */
export function endToEnd(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const { host, connection, 'keep-alive': keepAlive, 'transfer-encoding': encoding, ...rest } = headers
  return rest
}
