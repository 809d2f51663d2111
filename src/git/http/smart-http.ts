import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { EndpointRole } from '../../../schemas/event.js'
import type { ServiceStats } from '../../../schemas/result.js'
import { GitSyncError } from '../../errors.js'
import { type ByteStream, wrapStream } from '../../runtime/byte-stream.js'
import { printable } from '../../runtime/printable.js'
import { withoutTrailingSlashes } from '../../runtime/slashes.js'
import { traceHeaders } from '../../runtime/trace.js'
import { VERSION } from '../../version.js'
import { ProtocolError } from '../packets/protocol-error.js'
import { type Access, Exchange, type ExchangeOptions } from './exchange.js'
import { acceptBody, discardBody } from './git-response.js'
import { accounted, type MemoryAccount } from './memory-account.js'
import { REDIRECTS, redirectedBase } from './refusals/redirect.js'
import { toRemoteError } from './remote-error.js'
import type { Traffic } from './traffic.js'
import { type OnPacket, WireTrace } from './wire-trace.js'

// gitprotocol-http: discovery by GET info/refs, one POST a call.

export const UPLOAD_PACK = 'git-upload-pack'
export const RECEIVE_PACK = 'git-receive-pack'
export type Service = typeof UPLOAD_PACK | typeof RECEIVE_PACK
/** Their names in a packet trace. */
const TRACED = { [UPLOAD_PACK]: 'fetch', [RECEIVE_PACK]: 'push' } as const

export interface RemoteOptions extends ExchangeOptions {
  url: URL
  /** Asked for the first URL, and again where a redirect leads to another origin or path. */
  access: (url: URL) => Promise<Access>
  mayLeaveOrigin: boolean
  traffic: Traffic
  memory: MemoryAccount
  /** Receives each packet, for a packet trace. */
  onPacket?: OnPacket | undefined
}

export interface Call {
  service: Service
  /** The name in the statistics. */
  statsLabel: string
  body: Buffer | AsyncIterable<Buffer>
  /** Bytes of a streamed body; without it, it is sent chunked. */
  contentLength?: number
  gitProtocol?: string
  /** The response is kept in memory. */
  isKept?: boolean
}

const MAX_REDIRECTS = 10
const GZIP_FROM = 1024
const MAX_QUOTED = 300
const gzipAsync = promisify(gzip)

/** One remote over smart HTTP: sends requests and hands back bodies. It knows HTTP and nothing of packets. */
export class SmartHttp {
  readonly side: EndpointRole
  readonly traffic: Traffic
  readonly #options: RemoteOptions
  readonly #trace: WireTrace | undefined
  #base: URL
  #access: Access | undefined

  constructor(options: RemoteOptions) {
    this.#options = options
    this.side = options.side
    this.traffic = options.traffic
    const { onPacket, side, secrets } = options
    this.#trace = onPacket && new WireTrace(onPacket, side, secrets)
    this.#base = options.url
  }

  /** Where the repository is, after the redirects that were followed. */
  get url(): URL {
    return this.#base
  }

  /** Ends the run. */
  get signal(): AbortSignal {
    return this.#options.signal
  }

  /**
   * GETs the ref advertisement; redirects are followed as far as allowed and kept for later calls.
   *
   * @throws GitSyncError
   */
  infoRefs(service: Service, gitProtocol?: string): Promise<ByteStream> {
    return this.#blaming(() => this.#infoRefs(service, gitProtocol))
  }

  async #infoRefs(service: Service, gitProtocol?: string): Promise<ByteStream> {
    this.#access ??= await this.#options.access(this.#base)
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const url = new URL(this.#address(`/info/refs?service=${service}`))
      const counted = this.traffic.item(this.side, service, 'info-refs')
      const exchange = this.#exchange(counted, false)
      const headers = this.#headers({ accept: '*/*', gitProtocol })
      const response = await exchange.send(url, { method: 'GET', headers })
      if (!REDIRECTS.has(response.status)) {
        const options = { ...this.#options, isPush: false }
        const body = await acceptBody(response, `application/x-${service}-advertisement`, options)
        const traced = this.#trace?.received(TRACED[service], body) ?? body
        return accounted(traced, this.#options, counted.name)
      }
      await discardBody(response, this.#options)
      await this.#follow(url, String(response.headers.location ?? ''))
    }
    throw new GitSyncError('redirect_refused', `The ${this.side} redirects more than ${MAX_REDIRECTS} times.`)
  }

  /**
   * POSTs one request. A Buffer body is gzipped where that pays; a stream is sent chunked, with back-pressure.
   *
   * @throws what the body throws; else GitSyncError
   */
  post(call: Call): Promise<ByteStream> {
    return this.#blaming(() => this.#post(call))
  }

  async #post(call: Call): Promise<ByteStream> {
    const { service } = call
    const counted = this.traffic.item(this.side, service, call.statsLabel)
    const isPush = service === 'git-receive-pack'
    const exchange = this.#exchange(counted, isPush)
    const headers = this.#headers({
      accept: `application/x-${service}-result`,
      gitProtocol: call.gitProtocol,
    })
    headers['content-type'] = `application/x-${service}-request`
    if (call.contentLength !== undefined) headers['content-length'] = String(call.contentLength)
    let body = this.#trace?.sent(TRACED[service], call.body) ?? call.body
    if (Buffer.isBuffer(body) && body.length > GZIP_FROM && service === UPLOAD_PACK) {
      body = await gzipAsync(body)
      headers['content-encoding'] = 'gzip'
    }
    const response = await exchange.send(new URL(this.#address(`/${service}`)), {
      method: 'POST',
      headers,
      body,
    })
    const options = { ...this.#options, isPush }
    const accepted = await acceptBody(response, `application/x-${service}-result`, options)
    const traced = this.#trace?.received(TRACED[service], accepted) ?? accepted
    return call.isKept ? accounted(traced, this.#options, counted.name) : traced
  }

  /**
   * Reads a list of refs, and refuses one that a secret of ours is in: its names would be shown to callers and written to
   * the other side, and leaving one out would let a mirror lose a ref in silence.
   */
  async readListing<T>(response: ByteStream, read: (bytes: ByteStream) => Promise<T>): Promise<T> {
    const search = this.#options.secrets.search()
    const watch = (chunk: Buffer) => {
      search.observe(chunk)
      return chunk
    }
    const listing = await read(wrapStream(response, { chunk: watch }))
    if (!search.found) return listing
    const message = `The ${this.side} lists a ref or a capability that has a secret of this run in it`
    const hint = 'remove it there and replace that secret, as everyone who can read the repository sees it'
    throw new GitSyncError(`${this.side}_protocol_error`, `${message}: ${hint}.`)
  }

  /** An error as the fault of this remote, without our secrets. */
  toRemoteError(error: unknown): GitSyncError {
    if (error instanceof ProtocolError) this.#redactError(error)
    return this.#options.secrets.scrub(toRemoteError(this.side, error))
  }

  /** A remote's text without our secrets; `isCut` as for `Secrets.redact`. */
  redact(text: string, isCut = false): string {
    return this.#options.secrets.redact(text, isCut)
  }

  async #blaming<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      throw this.toRemoteError(error)
    }
  }

  /** An error of the git protocol quotes the remote in full. */
  #redactError(error: ProtocolError): void {
    const { message, stack = '' } = error
    error.message = printable(this.redact(message), MAX_QUOTED)
    error.stack = stack.replace(message, () => error.message)
  }

  #address(suffix: string): string {
    return withoutTrailingSlashes(this.#base.href) + suffix
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

  #exchange(counted: ServiceStats, isPush: boolean): Exchange {
    if (!this.#access) throw new Error('info/refs comes first')
    return new Exchange(this.#options, this.#access, counted, isPush)
  }

  async #follow(from: URL, location: string): Promise<void> {
    const base = redirectedBase(from, location, this.side, this.#options.mayLeaveOrigin)
    if (base.href !== this.#base.href) this.#access = await this.#options.access(base)
    this.#base = base
  }
}
