import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Event, Problem, SyncResult } from '../src/index.js'

export type CallerKind =
  | { kind: 'stream' | 'document' }
  /** Reads a piece and pauses so many milliseconds. */
  | { kind: 'slow'; pause: number }
  /** Hangs up after so many pieces of the response, or after so many milliseconds without any. */
  | { kind: 'hang-up'; pieces: number; patience: number }
  /** Sends five requests over one connection at once, and hangs up after so many milliseconds. */
  | { kind: 'pipeline'; patience: number }

export interface Call {
  url: string
  token: string
  body: unknown
}

export interface RunResponse {
  /** `ok`, the code of the problem, or `hung up`. */
  outcome: string
  result?: SyncResult
  problem?: Problem
  /** Everything that came. */
  text: string
}

const HUNG_UP = 'hung up'

/** Calls the service as this kind of caller does. @throws Error where a response is not as the contract says */
export async function call(kind: CallerKind, request: Call): Promise<RunResponse> {
  if (kind.kind === 'pipeline') return pipeline(request, kind.patience)
  const isDocument = kind.kind === 'document'
  const { response, hangUp } = open(request, isDocument ? 'application/json' : 'application/x-ndjson')
  const patience = kind.kind === 'hang-up' ? setTimeout(hangUp, kind.patience) : undefined
  let text = ''
  try {
    const message = await response
    let pieces = 0
    for await (const piece of message) {
      text += piece
      if (kind.kind === 'slow') await sleep(kind.pause)
      if (kind.kind === 'hang-up' && ++pieces > kind.pieces) hangUp()
    }
    return message.statusCode === 200 && !isDocument ? streamed(text) : whole(message, text)
  } catch (error) {
    if (kind.kind === 'hang-up') return { outcome: HUNG_UP, text }
    throw error
  } finally {
    clearTimeout(patience)
  }
}

function open({ url, token, body }: Call, accept: string) {
  const headers = { 'content-type': 'application/json', accept, authorization: `Bearer ${token}` }
  const request = httpRequest(url, { method: 'POST', headers, agent: false })
  const response = once(request, 'response').then(([message]) => message as IncomingMessage)
  // Whoever reads the response is told; a socket that breaks later is told nobody.
  request.on('error', () => {}).end(JSON.stringify(body))
  return { response, hangUp: () => request.destroy(new Error(HUNG_UP)) }
}

function streamed(text: string): RunResponse {
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new Error(`the stream was cut: ${text.slice(-200)}`)
  const events = lines.map((line) => JSON.parse(line) as Event)
  const ends = events.filter(({ type }) => type === 'result' || type === 'error')
  const last = events.at(-1)
  if (ends.length !== 1 || last !== ends[0]) throw new Error(`${ends.length} lines end the stream`)
  if (last?.type === 'result') return { outcome: 'ok', result: last.result as SyncResult, text }
  return last?.type === 'error' ? failed(last.error, text) : { outcome: 'cut', text }
}

function whole(message: IncomingMessage, text: string): RunResponse {
  if (message.statusCode === 200) return { outcome: 'ok', result: JSON.parse(text) as SyncResult, text }
  if (message.headers['content-type'] !== 'application/problem+json') {
    throw new Error(`${message.statusCode} without a problem document: ${text.slice(0, 200)}`)
  }
  return failed(JSON.parse(text) as Problem, text)
}

function failed(problem: Problem, text: string): RunResponse {
  const { code, result } = problem
  return { outcome: code, problem, ...(result && { result: result as SyncResult }), text }
}

async function pipeline({ url, token, body }: Call, patience: number): Promise<RunResponse> {
  const { hostname, port, pathname } = new URL(url)
  const content = JSON.stringify(body)
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    'content-type: application/json',
    `authorization: Bearer ${token}`,
    `content-length: ${Buffer.byteLength(content)}`,
  ]
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {}).resume()
  socket.write(`${head.join('\r\n')}\r\n\r\n${content}`.repeat(5))
  await sleep(patience)
  socket.destroy()
  return { outcome: HUNG_UP, text: '' }
}
