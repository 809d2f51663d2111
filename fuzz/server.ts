import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { listen } from '../src/local-git/loopback.js'
import type { Outgoing } from './damage-http.js'
import type { Call, Remotes, SideName } from './remotes.js'

export interface FuzzServer {
  /** Serves both remotes of a run until `close`. */
  serve(name: string, remotes: Remotes): { url(side: SideName): string; close(): void }
  close(): Promise<void>
}

/** One server for the remotes of all runs, each under a name of its own. */
export async function startServer(): Promise<FuzzServer> {
  const all = new Map<string, Remotes>()
  const { origin, close } = await listen((request, response) => {
    response.on('error', () => {})
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const [, name = '', repository = '', ...rest] = pathname.split('/')
    const remotes = all.get(name)
    const side = repository === 'source.git' ? 'source' : repository === 'target.git' && 'target'
    if (!remotes || !side) return void response.writeHead(404).end()
    const kind = rest.join('/') === 'info/refs' ? 'info-refs' : rest.join('/')
    void respond(request, response, remotes, { side, kind }).catch((error: Error) => response.destroy(error))
  })
  return {
    serve: (name, remotes) => {
      all.set(name, remotes)
      return { url: (side) => `${origin}/${name}/${side}.git`, close: () => void all.delete(name) }
    },
    close,
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  remotes: Remotes,
  asked: Pick<Call, 'side' | 'kind'>,
): Promise<void> {
  const { body, isWhole } = await bodyOf(request)
  const isV2 = request.headers['git-protocol'] === 'version=2'
  const outgoing = await remotes.respond({ ...asked, isV2, body, isWhole })
  if (outgoing) await send(response, outgoing)
  else response.destroy()
}

async function bodyOf(request: IncomingMessage): Promise<{ body: Buffer; isWhole: boolean }> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return { body: Buffer.concat(chunks), isWhole: false }
  }
  const body = Buffer.concat(chunks)
  return { body: request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body, isWhole: true }
}

const MOST_PIECES = 100

async function send(response: ServerResponse, outgoing: Outgoing): Promise<void> {
  const { status, headers, body, end, raw } = outgoing
  const piece = Math.max(outgoing.piece ?? body.length, body.length / MOST_PIECES)
  const { socket } = response
  if (!socket || socket.destroyed) return
  if (raw) {
    socket.write(raw)
    if (end !== 'silence') socket.end()
    return
  }
  response.writeHead(status, headers)
  response.flushHeaders()
  for (let at = 0; at < body.length && !response.destroyed; at += piece) {
    response.write(body.subarray(Math.floor(at), Math.floor(at + piece)))
    if (piece < body.length) await nextTurn()
  }
  if (end === 'end') response.end()
  if (end === 'close') socket.destroySoon()
}
