import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Pointer } from '../../src/lfs/pointer.js'
import { listen } from '../../src/local-git/loopback.js'
import type { Certificate } from '../processes/certificate.js'

/** What goes wrong with one request to storage. */
export type Fault =
  | 'truncated'
  | 'corrupted'
  | 'too-long'
  | 'other-length'
  | 'chunked-short'
  | 'hang'
  | 'reset'
  | 'expired'
  | 'unavailable'
  | 'gone'

export interface FakeLfsOptions {
  /** The value of `Authorization` that the API wants. */
  authorization?: string
  /** Objects of one batch; beyond that it answers 413. */
  maxBatch?: number
  /** Storage is another origin, as of a cloud. */
  hasOwnStorage?: boolean
  /** May change a batch response before it is sent. */
  respond?: (response: BatchResponse, request: BatchRequest) => unknown
  /** Answers in place of the API, or calls `next`. */
  intercept?: (request: IncomingMessage, response: ServerResponse, next: () => void) => void
  /** Decides what goes wrong with a request to storage. */
  fault?: (method: string, oid: string) => Fault | undefined
  verifies?: boolean
  tls?: Certificate
  /** Requests to storage are answered when it resolves. */
  gate?: () => Promise<void>
}

export interface BatchRequest {
  operation: string
  objects: Pointer[]
  ref?: { name: string }
}
export interface BatchResponse {
  transfer?: string
  objects: Record<string, unknown>[]
}

interface Seen {
  method: string
  path: string
  headers: IncomingMessage['headers']
}

const MEDIA_TYPE = 'application/vnd.git-lfs+json'

/**
 * An LFS server with storage as clouds have it: that takes no chunked body, keeps nothing that is not as long as was said, knows nothing of hashes,
 * and lets in every request with an address that has not expired.
 */
export class FakeLfs {
  readonly objects = new Map<string, Buffer>()
  readonly api: Seen[] = []
  readonly storage: Seen[] = []
  readonly batches: BatchRequest[] = []
  readonly verified: string[] = []
  url = ''
  storageOrigin = ''
  /** Requests to storage at this moment, and the most there were. */
  atOnce = 0
  most = 0
  readonly #options: FakeLfsOptions
  #token = randomUUID()
  readonly #closers: (() => Promise<void>)[] = []

  private constructor(options: FakeLfsOptions) {
    this.#options = options
  }

  static async start(options: FakeLfsOptions = {}): Promise<FakeLfs> {
    const fake = new FakeLfs(options)
    const storage = options.hasOwnStorage
      ? await listen((request, response) => void fake.#storage(request, response), options.tls)
      : undefined
    const api = await listen((request, response) => {
      if (request.url?.startsWith('/storage/')) return void fake.#storage(request, response)
      const next = () => void fake.#api(request, response)
      if (options.intercept) options.intercept(request, response, next)
      else next()
    }, options.tls)
    fake.url = `${api.origin}/r.git/info/lfs`
    fake.storageOrigin = storage?.origin ?? api.origin
    fake.#closers.push(api.close, ...(storage ? [storage.close] : []))
    return fake
  }

  /** All addresses that were given out are no longer valid. */
  expire(): void {
    this.#token = randomUUID()
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close()
  }

  async #api(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.api.push(seenOf(request))
    const { authorization } = this.#options
    if (authorization !== undefined && request.headers.authorization !== authorization) {
      response.writeHead(401, { 'content-type': MEDIA_TYPE, 'lfs-authenticate': 'Basic realm="fake"' })
      response.end('{"message":"who are you?"}')
      return
    }
    const body = await text(request)
    if (request.url?.endsWith('/verify')) {
      this.verified.push((JSON.parse(body) as Pointer).oid)
      response.end()
      return
    }
    if (!request.url?.endsWith('/objects/batch')) return void response.writeHead(404).end()
    const asked = JSON.parse(body) as BatchRequest
    this.batches.push(asked)
    if (asked.objects.length > (this.#options.maxBatch ?? 100)) return void response.writeHead(413).end()
    const answer: BatchResponse = {
      objects: asked.objects.map((object) => this.#answer(asked.operation, object)),
    }
    const sent = this.#options.respond ? this.#options.respond(answer, asked) : answer
    response.writeHead(200, { 'content-type': MEDIA_TYPE }).end(JSON.stringify(sent))
  }

  #answer(operation: string, { oid, size }: Pointer): Record<string, unknown> {
    const has = this.objects.has(oid)
    if (operation === 'upload' && has) return { oid, size }
    if (operation === 'download' && !has)
      return { oid, size, error: { code: 404, message: 'Object does not exist' } }
    const href = `${this.storageOrigin}/storage/${oid}?token=${this.#token}&size=${size}`
    const verify = this.#options.verifies ? { verify: { href: `${this.url}/verify` } } : {}
    return {
      oid,
      size,
      actions: {
        [operation]: { href, header: { 'x-storage-key': `key-of-${oid}` } },
        ...(operation === 'upload' ? verify : {}),
      },
    }
  }

  async #storage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.storage.push(seenOf(request))
    this.most = Math.max(this.most, ++this.atOnce)
    response.once('close', () => this.atOnce--)
    await this.#options.gate?.()
    const url = new URL(request.url ?? '', 'http://localhost')
    const oid = url.pathname.slice('/storage/'.length)
    const fault = this.#options.fault?.(request.method ?? '', oid)
    if (fault === 'reset') return void request.socket.destroy()
    if (fault === 'hang') return
    if (fault === 'unavailable') return void response.writeHead(503).end('come again')
    if (fault === 'gone') return void response.writeHead(404).end()
    const isLetIn = url.searchParams.get('token') === this.#token && fault !== 'expired'
    if (!isLetIn || request.headers['x-storage-key'] !== `key-of-${oid}`) {
      return void response
        .writeHead(403, { 'content-type': 'application/xml' })
        .end('<Error>Request has expired</Error>')
    }
    if (request.method === 'GET') return this.#give(response, oid, fault)
    if (request.method === 'PUT') return this.#take(request, response, oid)
    response.writeHead(405).end()
  }

  #give(response: ServerResponse, oid: string, fault: Fault | undefined): void {
    const object = this.objects.get(oid)
    if (!object) return void response.writeHead(404).end()
    const head = (length: number) => response.writeHead(200, { 'content-length': length })
    if (fault === 'truncated') {
      head(object.length).write(object.subarray(0, object.length >> 1), () => response.destroy())
    } else if (fault === 'corrupted') {
      const bytes = Buffer.from(object)
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
      head(bytes.length).end(bytes)
    } else if (fault === 'other-length') head(object.length - 1).end(object.subarray(1))
    else if (fault === 'too-long') response.end(Buffer.concat([object, object]))
    else if (fault === 'chunked-short') {
      response.write(object.subarray(0, object.length >> 1))
      response.end()
    } else head(object.length).end(object)
  }

  async #take(request: IncomingMessage, response: ServerResponse, oid: string): Promise<void> {
    const length = request.headers['content-length']
    if (length === undefined) return void response.writeHead(411).end('MissingContentLength')
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const object = Buffer.concat(chunks)
    if (!request.complete || object.length !== Number(length)) return
    this.objects.set(oid, object)
    response.end()
  }
}

function seenOf({ method = '', url = '', headers }: IncomingMessage): Seen {
  return { method, path: url, headers }
}
