import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { listen } from '../../src/local-git/loopback.js'
import { endToEnd } from './forward.js'

/** What git's server said, to be written to the connection by whoever bends it. */
export interface GitResponse {
  status: number
  headers: [string, string][]
  body: Buffer
}

export interface Asked {
  method: string
  path: string
  /** How many requests came over this connection before. */
  index: number
  socket: Socket
}

/** The bytes of the response, and whether the connection ends after them; undefined where all was done already. */
export type Bend = (
  original: GitResponse,
  asked: Asked,
) => Buffer | { bytes: Buffer; close: true } | undefined

export interface BendingServer {
  url: string
  /** `GET info/refs` and its like, in the order in which they came. */
  seen: string[]
  close(): Promise<void>
}

/** Stands in front of a git server, and says what that says in bytes of its own. */
export async function startBendingServer(target: string, bend: Bend): Promise<BendingServer> {
  const counts = new Map<Socket, number>()
  const seen: string[] = []
  const { origin, close } = await listen(async (request) => {
    const { method = '', socket } = request
    const path = request.url ?? ''
    const index = counts.get(socket) ?? 0
    counts.set(socket, index + 1)
    seen.push(`${method} ${path.replace(/^\/[^/]+\/|\?.*/g, '')}`)
    const original = await ask(target, request)
    const bent = bend(original, { method, path, index, socket })
    if (bent === undefined) return
    if (Buffer.isBuffer(bent)) socket.write(bent)
    else socket.end(bent.bytes)
  })
  return { url: `${origin}/repository.git`, seen, close }
}

async function ask(target: string, request: IncomingMessage): Promise<GitResponse> {
  const body = await buffer(request)
  const { 'content-length': _, ...headers } = endToEnd(request.headers)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method: request.method ?? 'GET', headers, agent: false }
    httpRequest(new URL(request.url ?? '', target), options, resolve)
      .once('error', reject)
      .end(body)
  })
  const kept: [string, string][] = Object.entries(endToEnd(response.headers))
    .filter(([name]) => name !== 'content-length')
    .map(([name, value]) => [name, String(value)])
  return { status: response.statusCode ?? 0, headers: kept, body: await buffer(response) }
}

export interface Writing {
  statusLine?: string
  extra?: string[]
  before?: string
  eol?: string
  /** Without a `Content-Length` of its own. */
  withoutLength?: boolean
}

/** A response in bytes. */
export function written({ status, headers, body }: GitResponse, how: Writing = {}): Buffer {
  const { statusLine = `HTTP/1.1 ${status} OK`, extra = [], before = '', eol = '\r\n' } = how
  const length = how.withoutLength ? [] : [`Content-Length: ${body.length}`]
  const lines = [statusLine, ...headers.map(([name, value]) => `${name}: ${value}`), ...extra, ...length]
  return Buffer.concat([Buffer.from(`${before}${lines.join(eol)}${eol}${eol}`, 'latin1'), body])
}

/** The same in one chunk; the header that says so is among `extra`. */
export function chunked(original: GitResponse, extra: string[]): Buffer {
  const { body } = original
  const chunk = body.length === 0 ? '' : `${body.length.toString(16)}\r\n${body.toString('latin1')}\r\n`
  return Buffer.concat([
    written({ ...original, body: Buffer.alloc(0) }, { extra, withoutLength: true }),
    Buffer.from(`${chunk}0\r\n\r\n`, 'latin1'),
  ])
}

/** With another value in a header. */
export function withHeader(original: GitResponse, name: string, value: string): GitResponse {
  return { ...original, headers: [...original.headers.filter(([other]) => other !== name), [name, value]] }
}
