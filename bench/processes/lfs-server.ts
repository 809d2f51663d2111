import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Pointer } from '../../src/lfs/pointer.js'
import { listen } from '../../src/local-git/loopback.js'
import { serveCalls } from './serve-calls.js'

/** An LFS server that keeps objects as files of a folder, which it trusts to be what they are named. */
class FolderLfs {
  readonly #folder: string
  #batches = 0
  origin = ''

  constructor(folder: string) {
    this.#folder = folder
  }

  get batches(): number {
    return this.#batches
  }

  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.endsWith('/objects/batch')) return this.#batch(request, response)
    const oid = /^\/storage\/([0-9a-f]{64})$/.exec(request.url ?? '')?.[1]
    if (oid === undefined) return void response.writeHead(404).end()
    const file = join(this.#folder, oid)
    if (request.method === 'PUT') {
      await pipeline(request, createWriteStream(`${file}.part`))
      await rename(`${file}.part`, file)
      response.end()
    } else {
      await pipeline(createReadStream(file), response)
    }
  }

  async #batch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#batches++
    const { operation, objects } = JSON.parse(await text(request)) as Batch
    const described = objects.map(({ oid, size }) => {
      const isThere = existsSync(join(this.#folder, oid))
      if (isThere === (operation === 'upload')) return { oid, size }
      return { oid, size, actions: { [operation]: { href: `${this.origin}/storage/${oid}` } } }
    })
    response.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' })
    response.end(JSON.stringify({ transfer: 'basic', objects: described }))
  }
}

interface Batch {
  operation: 'upload' | 'download'
  objects: Pointer[]
}

const servers = new Map<string, FolderLfs>()

/** Serves a folder; gives the URL of its LFS API. */
async function serve(folder: string): Promise<string> {
  const server = new FolderLfs(folder)
  const { origin } = await listen((request, response) => {
    server.respond(request, response).catch(() => response.destroy())
  })
  server.origin = origin
  servers.set(folder, server)
  return `${origin}/info/lfs`
}

/** Batch requests that the server of a folder has had. */
function batches(folder: string): number {
  return servers.get(folder)?.batches ?? 0
}

serveCalls({ serve, batches })
