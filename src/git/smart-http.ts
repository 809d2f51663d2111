import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Dispatcher, request } from 'undici'
import type { EndpointRole } from '../../schemas/event.js'
import type { ServiceStats } from '../../schemas/result.js'
import { GitSyncError } from '../errors.js'
import { VERSION } from '../version.js'
import { blame } from './blame.js'
import type { Credentials } from './credentials.js'
import { retryAfterSeconds, statusError } from './http-status.js'
import { printable } from './protocol-error.js'
import { REDIRECTS, redirectedBase } from './redirect.js'
import { StallGuard } from './stall-guard.js'
import { traceHeaders } from './trace.js'
import type { Traffic } from './traffic.js'

// gitprotocol-http: discovery by GET info/refs, one POST a call.

/** A body as it comes in. Whoever takes one reads it to its end or calls `return`. */
export type ByteStream = AsyncIterableIterator<Buffer, undefined>

export type Service = 'git-upload-pack' | 'git-receive-pack'

/** How to reach a URL, and as whom. */
export interface Access {
  dispatcher: Dispatcher
  credentials: Credentials
}

export interface RemoteOptions {
  side: EndpointRole
  url: URL
  /** Asked for the first URL, and again where a redirect leads to another origin. */
  access: (url: URL) => Promise<Access>
  mayLeaveOrigin: boolean
  signal: AbortSignal
  /** Milliseconds of silence that end a request. */
  stallTimeout: number
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
const ERROR_TEXT_LIMIT = 1024
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

interface Message {
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: Buffer | AsyncIterable<Buffer>
}

/** One request and its answer: counted, watched for stalls, and ended by the run's signal. */
class Exchange {
  readonly #options: RemoteOptions
  readonly #access: Access
  readonly #counted: ServiceStats
  readonly #abort = new AbortController()
  readonly #guard: StallGuard
  readonly #onRunAborted: () => void
  #isPush = false

  constructor(options: RemoteOptions, access: Access, counted: ServiceStats) {
    this.#options = options
    this.#access = access
    this.#counted = counted
    this.#guard = new StallGuard(options.stallTimeout, () => this.#abort.abort(this.#stalled()))
    this.#onRunAborted = () => this.#abort.abort(options.signal.reason)
    options.signal.addEventListener('abort', this.#onRunAborted, { once: true })
    if (options.signal.aborted) this.#onRunAborted()
  }

  async send(url: URL, message: Message): Promise<Dispatcher.ResponseData> {
    const { side } = this.#options
    const { body } = message
    this.#counted.requests++
    this.#isPush = url.pathname.endsWith('/git-receive-pack')
    if (Buffer.isBuffer(body)) this.#counted.requestBytes += body.length
    this.#guard.arm()
    try {
      return await request(url, {
        ...message,
        body: body === undefined || Buffer.isBuffer(body) ? (body ?? null) : this.#upload(body),
        dispatcher: this.#access.dispatcher,
        signal: this.#abort.signal,
        // Silence is watched by the guard, which knows whom we wait for.
        headersTimeout: 0,
        bodyTimeout: 0,
        // A push must not go out over an idle connection that may be dead: the target's are never kept.
        reset: side === 'target',
      })
    } catch (error) {
      this.#close()
      throw this.#blame(error)
    } finally {
      this.#guard.disarm()
    }
  }

  async accept(response: Dispatcher.ResponseData, contentType: string): Promise<ByteStream> {
    const { side } = this.#options
    if (response.statusCode !== 200) throw await this.#refusal(response)
    const got =
      String(response.headers['content-type'] ?? 'nothing')
        .split(';')[0]
        ?.trim() ?? ''
    const encoding = response.headers['content-encoding']
    if (got !== contentType || (encoding !== undefined && encoding !== 'identity')) {
      await this.discard(response)
      const what =
        got === contentType ? `content-encoding ${String(encoding)}` : `content type ${printable(got)}`
      const hint = `expected ${contentType}; is the URL that of a smart HTTP git repository, or of a login page?`
      throw new GitSyncError(`${side}_protocol_error`, `The ${side} answered with ${what}: ${hint}`)
    }
    return this.#download(response.body)
  }

  async discard(response: Dispatcher.ResponseData): Promise<void> {
    try {
      await response.body.dump({ limit: ERROR_TEXT_LIMIT, signal: this.#abort.signal })
    } catch {
      // The answer's head has said all that matters.
    } finally {
      this.#close()
    }
  }

  /** undici takes any async iterable; its types name only streams. */
  #upload(body: AsyncIterable<Buffer>): Readable {
    return this.#counting(body) as unknown as Readable
  }

  async *#counting(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    // While we wait for the body the remote has nothing to do, even if it has begun to answer.
    this.#guard.hold()
    for await (const chunk of body) {
      this.#guard.release()
      this.#guard.arm()
      yield chunk
      this.#guard.hold()
      this.#counted.requestBytes += chunk.length
    }
    this.#guard.release()
    this.#guard.arm()
  }

  /** The body, as an iterator that lets go of the connection even where nothing was ever read. */
  #download(body: Dispatcher.ResponseData['body']): ByteStream {
    // A body that is let go of early reports its own destruction, which is no news.
    body.on('error', () => {})
    const chunks: AsyncIterator<Buffer> = body[Symbol.asyncIterator]()
    const close = () => {
      this.#close()
      body.destroy()
    }
    const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
      this.#guard.arm()
      try {
        const { done, value } = await chunks.next()
        this.#guard.disarm()
        if (done) {
          close()
          return { done: true, value: undefined }
        }
        this.#counted.responseBytes += value.length
        return { value }
      } catch (error) {
        close()
        throw this.#blame(error)
      }
    }
    return {
      next,
      return: async () => {
        close()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  async #refusal(response: Dispatcher.ResponseData): Promise<GitSyncError> {
    const { side } = this.#options
    const retryAfter = retryAfterSeconds(response.headers['retry-after']?.toString())
    const isText = String(response.headers['content-type']).startsWith('text/plain')
    let text = ''
    if (isText) {
      const body = this.#download(response.body)
      const first = await body.next().catch(() => ({ value: undefined }))
      await body.return?.()
      const said = first.value?.subarray(0, ERROR_TEXT_LIMIT).toString() ?? ''
      text = printable(this.#access.credentials.redact(said))
    } else {
      await this.discard(response)
    }
    return statusError(side, {
      status: response.statusCode,
      text,
      push: this.#isPush,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    })
  }

  #blame(error: unknown): GitSyncError {
    return blame(this.#options.side, this.#abort.signal.aborted ? this.#abort.signal.reason : error)
  }

  #stalled(): GitSyncError {
    const { side, stallTimeout } = this.#options
    return new GitSyncError(
      `${side}_timeout`,
      `The ${side} was silent for ${Math.round(stallTimeout / 1000)} seconds.`,
    )
  }

  #close(): void {
    this.#guard.close()
    this.#options.signal.removeEventListener('abort', this.#onRunAborted)
  }
}
