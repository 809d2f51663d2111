import type { Readable } from 'node:stream'
import { type Dispatcher, request } from 'undici'
import type { EndpointRole } from '../../schemas/event.js'
import type { ServiceStats } from '../../schemas/result.js'
import { GitSyncError } from '../errors.js'
import { blame } from './blame.js'
import { BodyChunks } from './body-chunks.js'
import type { Credentials } from './credentials.js'
import { retryAfterSeconds, statusError } from './http-status.js'
import { printable } from './protocol-error.js'
import { StallGuard } from './stall-guard.js'
import { takeTurn } from './turns.js'

/** A body as it comes in. Whoever takes one reads it to its end or calls `return`. */
export type ByteStream = AsyncIterableIterator<Buffer, undefined>

/** How to reach a URL, and as whom. */
export interface Access {
  dispatcher: Dispatcher
  /** For pushes: perhaps the same. */
  pushDispatcher: Dispatcher
  credentials: Credentials
}

export interface ExchangeOptions {
  side: EndpointRole
  signal: AbortSignal
  /** Milliseconds of silence that end a request. */
  stallTimeout: number
}

const ERROR_TEXT_LIMIT = 1024

interface Message {
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: Buffer | AsyncIterable<Buffer>
}

/** One request and its answer: counted, watched for stalls, and ended by the run's signal. */
export class Exchange {
  readonly #options: ExchangeOptions
  readonly #access: Access
  readonly #counted: ServiceStats
  readonly #abort = new AbortController()
  readonly #guard: StallGuard
  readonly #onRunAborted: () => void
  #isPush = false

  constructor(options: ExchangeOptions, access: Access, counted: ServiceStats) {
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
    await takeTurn()
    this.#counted.requests++
    this.#isPush = url.pathname.endsWith('/git-receive-pack')
    if (Buffer.isBuffer(body)) this.#counted.requestBytes += body.length
    this.#guard.arm()
    const { dispatcher, pushDispatcher } = this.#access
    try {
      return await request(url, {
        ...message,
        body: body === undefined || Buffer.isBuffer(body) ? (body ?? null) : this.#upload(body),
        dispatcher: this.#isPush ? pushDispatcher : dispatcher,
        signal: this.#abort.signal,
        // Silence is watched by the guard, which knows whom we wait for.
        headersTimeout: 0,
        bodyTimeout: 0,
        // A push must not go out over an idle connection that may be dead: where pushes go, none is kept.
        reset: side === 'target' && (this.#isPush || dispatcher === pushDispatcher),
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
    const chunks = new BodyChunks(body)
    const close = () => {
      this.#close()
      body.destroy()
    }
    const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
      this.#guard.arm()
      try {
        const value = await chunks.next()
        this.#guard.disarm()
        if (!value) {
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
