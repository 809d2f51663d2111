import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Transform } from 'node:stream'
import { byteLimit } from './byte-limit.js'
import { type Exchange, endToEnd, forward } from './forward.js'

export type Action =
  /** Sends everything on, the response with another status or other headers; `undefined` removes a header. */
  | { type: 'pass'; status?: number; headers?: OutgoingHttpHeaders }
  /** Responds in the target's place. */
  | { type: 'respond'; status: number; headers?: OutgoingHttpHeaders; body?: string | Buffer }
  /** Sends the response's body through a stream. */
  | { type: 'rewrite'; transform: Transform }
  /** Closes the connection after so many bytes of the response's body; after 0, not even its head was sent. */
  | { type: 'cut-response'; after: number }
  /** Ends the response cleanly after so many bytes of its body. */
  | { type: 'end-response'; after: number }
  /** Lets the target finish its response, and closes the connection without sending any of it. */
  | { type: 'lose-response' }
  /** Responds early to a body of more than so many bytes, and reads the rest, or with `close` disconnects. */
  | { type: 'limit-request'; bytes: number; status: number; close?: boolean }
  /** Breaks both connections after so many bytes of the request's body. */
  | { type: 'cut-request'; after: number }

/** Does to a request what the test asked for. */
export function perform(action: Action, exchange: Exchange): void {
  const { body, response } = exchange
  switch (action.type) {
    case 'respond':
      response.writeHead(action.status, action.headers).end(action.body)
      break
    case 'limit-request':
      limitRequest(exchange, action)
      break
    case 'cut-request':
      cutRequest(exchange, action.after)
      break
    default:
      body.pipe(forward(exchange, (upstream) => passOn(action, upstream, exchange)))
  }
}

type ResponseAction = Exclude<Action, { type: 'respond' | 'limit-request' | 'cut-request' }>

function passOn(action: ResponseAction, upstream: IncomingMessage, { response }: Exchange) {
  const status = upstream.statusCode ?? 502
  const { 'content-length': length, ...headers } = endToEnd(upstream.headers)
  const end = () => response.end()
  switch (action.type) {
    case 'pass':
      response.writeHead(
        action.status ?? status,
        defined({ ...headers, 'content-length': length, ...action.headers }),
      )
      upstream.pipe(response)
      break
    case 'rewrite':
      action.transform.once('error', () => response.destroy())
      upstream.pipe(action.transform).pipe(response.writeHead(status, headers))
      break
    case 'cut-response': {
      if (action.after === 0) return response.destroy()
      const cut = byteLimit(action.after, { reached: () => response.socket?.destroySoon(), shorter: end })
      upstream.pipe(cut).pipe(response.writeHead(status, headers), { end: false })
      break
    }
    case 'end-response': {
      const limit = byteLimit(action.after, { reached: end, shorter: end })
      upstream.pipe(limit).pipe(response.writeHead(status, headers), { end: false })
      break
    }
    case 'lose-response':
      upstream.resume().once('end', () => response.destroy())
  }
}

function limitRequest(exchange: Exchange, { bytes, status, close }: Extract<Action, { bytes: number }>) {
  const { body, response } = exchange
  // http-backend begins its response before it has read the body, so the response waits until the limit has decided.
  let accept = () => {}
  const accepted = new Promise<void>((resolve) => {
    accept = resolve
  })
  const upstream = forward(exchange, (message) => {
    void accepted.then(() => passOn({ type: 'pass' }, message, exchange))
  })
  const limit = byteLimit(bytes + 1, {
    reached: () => {
      response.writeHead(status, close ? { connection: 'close' } : {}).end()
      upstream.destroy()
    },
    shorter: () => {
      upstream.end()
      accept()
    },
  })
  body.pipe(limit).pipe(upstream, { end: false })
}

function cutRequest(exchange: Exchange, after: number) {
  const upstream = forward(exchange, (message) => passOn({ type: 'pass' }, message, exchange))
  const limit = byteLimit(after, {
    reached: () => upstream.write('', () => upstream.destroy()),
    shorter: () => upstream.end(),
  })
  exchange.body.pipe(limit).pipe(upstream, { end: false })
}

function defined(headers: OutgoingHttpHeaders) {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
}
