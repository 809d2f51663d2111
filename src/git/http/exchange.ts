import type { Readable } from 'node:stream'
import { type Dispatcher, request } from 'undici'
import type { EndpointRole } from '../../../schemas/event.js'
import type { ServiceStats } from '../../../schemas/result.js'
import { GitSyncError } from '../../errors.js'
import { unlessAborted } from '../../runtime/abort.js'
import { type ByteStream, wrapStream } from '../../runtime/byte-stream.js'
import { yieldToEventLoop } from '../../runtime/yield.js'
import { FRESH, StaleConnectionError } from '../connections/connections.js'
import type { Credentials } from '../secrets/credentials.js'
import type { Secrets } from '../secrets/secrets.js'
import { BodyChunks } from './body-chunks.js'
import { toRemoteError } from './remote-error.js'
import { decodedBody } from './response-body.js'
import { StallTimer } from './stall-timer.js'

/** How to reach a URL, and as whom. */
export interface Access {
  dispatcher: Dispatcher
  /** For pushes: perhaps the same. */
  pushDispatcher: Dispatcher
  /** For the hosts where an LFS server keeps its objects; perhaps the same. */
  storageDispatcher?: Dispatcher | undefined
  credentials: Credentials
}

export interface ExchangeOptions {
  side: EndpointRole
  /** Of the whole run: what a remote says is redacted by them. */
  secrets: Secrets
  signal: AbortSignal
  /** Milliseconds of silence that end a request. */
  stallTimeout: number
}

export interface Message {
  method: 'GET' | 'POST' | 'PUT'
  headers: Record<string, string>
  body?: Buffer | AsyncIterable<Buffer>
}

export interface Response {
  status: number
  headers: Dispatcher.ResponseData['headers']
  /** Decoded, where its encodings are known. It has to be read to its end or returned. */
  body: ByteStream
}

/** One request and its response: counted, watched for stalls, and ended by the run's signal. */
export class Exchange {
  readonly #options: ExchangeOptions
  readonly #access: Access
  readonly #counted: ServiceStats
  readonly #isPush: boolean
  readonly #abort = new AbortController()
  readonly #stallTimer: StallTimer
  readonly #onRunAborted: () => void

  constructor(options: ExchangeOptions, access: Access, counted: ServiceStats, isPush: boolean) {
    this.#options = options
    this.#access = access
    this.#counted = counted
    this.#isPush = isPush
    this.#stallTimer = new StallTimer(options.stallTimeout, () => this.#abort.abort(this.#stallError()))
    this.#onRunAborted = () => this.#abort.abort(options.signal.reason)
    options.signal.addEventListener('abort', this.#onRunAborted, { once: true })
    if (options.signal.aborted) this.#onRunAborted()
  }

  /** @throws GitSyncError of this side */
  async send(url: URL, message: Message): Promise<Response> {
    const { body } = message
    await yieldToEventLoop()
    this.#counted.requests++
    if (Buffer.isBuffer(body)) this.#counted.requestBytes += body.length
    this.#stallTimer.start()
    try {
      const response = await this.#request(url, message).catch((error: unknown) => {
        // As curl does it, once. A push never goes out over a connection that was kept.
        if (!(error instanceof StaleConnectionError) || this.#isPush || isStream(body)) throw error
        this.#counted.requests++
        this.#stallTimer.start()
        return this.#request(url, message, FRESH)
      })
      const { statusCode: status, headers } = response
      return { status, headers, body: this.#download(decodedBody(response.body, headers)) }
    } catch (error) {
      this.#close()
      throw this.#toRemoteError(error)
    } finally {
      this.#stallTimer.stop()
    }
  }

  /** One request. Our own abort ends it in any phase, while undici acts on one only once it is connected. */
  async #request(url: URL, message: Message, opaque?: symbol): Promise<Dispatcher.ResponseData> {
    const { body } = message
    const { signal } = this.#abort
    const { dispatcher, pushDispatcher } = this.#access
    const responding = request(url, {
      ...message,
      body: isStream(body) ? this.#upload(body) : (body ?? null),
      dispatcher: this.#isPush ? pushDispatcher : dispatcher,
      signal,
      // undici would have it null in what it gives back, which nobody reads.
      opaque: opaque as unknown as null,
      // Silence is watched by the stall timer, which knows whom we wait for.
      headersTimeout: 0,
      bodyTimeout: 0,
      // A push must not go out over an idle connection that may be dead: where pushes go, none is kept.
      reset: this.#options.side === 'target' && (this.#isPush || dispatcher === pushDispatcher),
    })
    return unlessAborted(responding, signal)
  }

  /** undici accepts any async iterable; its types name only streams. */
  #upload(body: AsyncIterable<Buffer>): Readable {
    return this.#counting(body) as unknown as Readable
  }

  async *#counting(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    // While we wait for the body the remote has nothing to do, even if it has begun to respond.
    this.#stallTimer.pause()
    for await (const chunk of body) {
      this.#waitForRemote()
      yield chunk
      this.#stallTimer.pause()
      this.#counted.requestBytes += chunk.length
    }
    this.#waitForRemote()
  }

  #waitForRemote(): void {
    this.#stallTimer.resume()
    this.#stallTimer.start()
  }

  #download(body: Readable): ByteStream {
    return wrapStream(new BodyChunks(body), {
      read: () => this.#stallTimer.start(),
      chunk: (chunk) => {
        this.#stallTimer.stop()
        this.#counted.responseBytes += chunk.length
        return chunk
      },
      error: (error) => this.#toRemoteError(error),
      release: () => {
        this.#close()
        body.destroy()
      },
    })
  }

  #toRemoteError(error: unknown): GitSyncError {
    const { side, secrets } = this.#options
    const { aborted, reason } = this.#abort.signal
    return secrets.scrub(toRemoteError(side, aborted ? reason : error))
  }

  #stallError(): GitSyncError {
    const { side, stallTimeout } = this.#options
    return new GitSyncError(
      `${side}_timeout`,
      `The ${side} was silent for ${Math.round(stallTimeout / 1000)} seconds.`,
    )
  }

  #close(): void {
    this.#stallTimer.close()
    this.#options.signal.removeEventListener('abort', this.#onRunAborted)
  }
}

function isStream(body: Message['body']): body is AsyncIterable<Buffer> {
  return body !== undefined && !Buffer.isBuffer(body)
}
