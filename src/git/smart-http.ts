import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { EndpointRole } from '../../schemas/event.js'
import type { ServiceStats } from '../../schemas/result.js'
import { GitSyncError } from '../errors.js'
import { VERSION } from '../version.js'
import { blame } from './blame.js'
import { type Access, type ByteStream, Exchange, type ExchangeOptions } from './exchange.js'
import { REDIRECTS, redirectedBase } from './redirect.js'
import { traceHeaders } from './trace.js'
import type { Traffic } from './traffic.js'

// gitprotocol-http: discovery by GET info/refs, one POST a call.

export type Service = 'git-upload-pack' | 'git-receive-pack'

export interface RemoteOptions extends ExchangeOptions {
  url: URL
  /** Asked for the first URL, and again where a redirect leads to another origin. */
  access: (url: URL) => Promise<Access>
  mayLeaveOrigin: boolean
  traffic: Traffic
}

export interface Call {
  service: Service
  /** Names the step in the statistics. */
  step: string
  body: Buffer | AsyncIterable<Buffer>
  /** Bytes of a streamed body; without it, it is sent chunked. */
  contentLength?: number
  gitProtocol?: string
}

const MAX_REDIRECTS = 10
const GZIP_FROM = 1024
const gzipAsync = promisify(gzip)

/** One remote over smart HTTP: sends requests and hands back bodies. It knows HTTP and nothing of packets. */
export class SmartHttp {
  readonly side: EndpointRole
  readonly traffic: Traffic
  readonly #options: RemoteOptions
  #base: URL
  #access: Access | undefined

  constructor(options: RemoteOptions) {
    this.#options = options
    this.side = options.side
    this.traffic = options.traffic
    this.#base = options.url
  }

  /** Ends the run. */
  get signal(): AbortSignal {
    return this.#options.signal
  }

  /** GETs the ref advertisement; redirects are followed as far as allowed and kept for later calls. */
  async infoRefs(service: Service, gitProtocol?: string): Promise<ByteStream> {
    this.#access ??= await this.#options.access(this.#base)
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const url = new URL(this.#address(`/info/refs?service=${service}`))
      const exchange = this.#exchange(this.traffic.item(this.side, service, 'info-refs'))
      const headers = this.#headers({ accept: '*/*', gitProtocol })
      const response = await exchange.send(url, { method: 'GET', headers })
      if (!REDIRECTS.has(response.statusCode)) {
        return exchange.accept(response, `application/x-${service}-advertisement`)
      }
      await exchange.discard(response)
      await this.#follow(url, String(response.headers.location ?? ''))
    }
    throw new GitSyncError('redirect_refused', `The ${this.side} redirects more than ${MAX_REDIRECTS} times.`)
  }

  /** POSTs one request. A Buffer body is gzipped where that pays; a stream is sent chunked, with back-pressure. */
  async post(call: Call): Promise<ByteStream> {
    const { service } = call
    const exchange = this.#exchange(this.traffic.item(this.side, service, call.step))
    const headers = this.#headers({
      accept: `application/x-${service}-result`,
      gitProtocol: call.gitProtocol,
    })
    headers['content-type'] = `application/x-${service}-request`
    if (call.contentLength !== undefined) headers['content-length'] = String(call.contentLength)
    let body = call.body
    if (Buffer.isBuffer(body) && body.length > GZIP_FROM && service === 'git-upload-pack') {
      body = await gzipAsync(body)
      headers['content-encoding'] = 'gzip'
    }
    const response = await exchange.send(new URL(this.#address(`/${service}`)), {
      method: 'POST',
      headers,
      body,
    })
    return exchange.accept(response, `application/x-${service}-result`)
  }

  /** An error as the fault of this remote, without our secrets. */
  blame(error: unknown): GitSyncError {
    const blamed = blame(this.side, error)
    // Whatever a remote said may stand in any message, down to the first cause.
    const seen = new Set<unknown>()
    for (let cause: unknown = blamed; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
      seen.add(cause)
      const [message, stack] = [this.redact(cause.message), this.redact(cause.stack ?? '')]
      // A caller's own abort reason may be read-only, and holds no secret.
      if (message !== cause.message) cause.message = message
      if (stack !== (cause.stack ?? '')) cause.stack = stack
    }
    return blamed
  }

  /** A remote's text without our secrets. */
  redact(text: string): string {
    return this.#access?.credentials.redact(text) ?? text
  }

  #address(suffix: string): string {
    return this.#base.href.replace(/\/+$/, '') + suffix
  }

  #headers({
    accept,
    gitProtocol,
  }: {
    accept: string
    gitProtocol: string | undefined
  }): Record<string, string> {
    const authorization = this.#access?.credentials.authorization()
    return {
      // Hosts look for "git/" at the start.
      'user-agent': `git/git-sync-${VERSION}`,
      accept,
      'accept-encoding': 'identity',
      'cache-control': 'no-cache',
      ...traceHeaders(),
      ...(gitProtocol === undefined ? {} : { 'git-protocol': gitProtocol }),
      ...(authorization === undefined ? {} : { authorization }),
    }
  }

  #exchange(counted: ServiceStats): Exchange {
    if (!this.#access) throw new Error('info/refs comes first')
    return new Exchange(this.#options, this.#access, counted)
  }

  async #follow(from: URL, location: string): Promise<void> {
    const base = redirectedBase(from, location, this.side, this.#options.mayLeaveOrigin)
    if (base.origin !== from.origin) this.#access = await this.#options.access(base)
    this.#base = base
  }
}
