import type { Readable } from 'node:stream'
import { type Dispatcher, request } from 'undici'
import type { EndpointRole } from '../../../schemas/event.js'
import type { ServiceStats } from '../../../schemas/result.js'
import { GitSyncError } from '../../errors.js'
import { yieldToEventLoop } from '../../runtime/yield.js'
import { FRESH, StaleConnectionError } from '../connections/connections.js'
import type { Credentials } from '../secrets/credentials.js'
import type { Secrets } from '../secrets/secrets.js'
import { legible, printable } from '../wire/protocol-error.js'
import { unlessAborted } from './abort.js'
import { BodyChunks } from './body-chunks.js'
import {
  credentialsHint,
  HttpStatusError,
  type Refusal,
  requestIdOf,
  type SingleHeaders,
  statusError,
} from './http-status.js'
import { rateLimitOf } from './rate-limit.js'
import { MAX_READ, type Words, wordsOf } from './refusal-body.js'
import { toRemoteError } from './remote-error.js'
import { decoded, encodingsOf, isDecodable, mediaType, peekPackets } from './response-body.js'
import { StallTimer } from './stall-timer.js'

/** A body as it comes in. Whoever takes one reads it to its end or calls `return`. */
export type ByteStream = AsyncIterableIterator<Buffer, undefined>

/** How to reach a URL, and as whom. */
export interface Access {
  dispatcher: Dispatcher
  /** For pushes: perhaps the same. */
  pushDispatcher: Dispatcher
  /** For the hosts where an LFS server keeps its objects; perhaps the same. */
  storageDispatcher?: Dispatcher
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

/** Milliseconds for a body that says why a request was refused, or that nobody needs: the head has said what matters. */
const REFUSAL_PATIENCE = 5_000
const MAX_WORDS = 300

interface Message {
  method: 'GET' | 'POST' | 'PUT'
  headers: Record<string, string>
  body?: Buffer | AsyncIterable<Buffer>
}

/** One request and its answer: counted, watched for stalls, and ended by the run's signal. */
export class Exchange {
  readonly #options: ExchangeOptions
  readonly #access: Access
  readonly #counted: ServiceStats
  readonly #abort = new AbortController()
  readonly #guard: StallTimer
  readonly #onRunAborted: () => void
  #isPush = false

  constructor(options: ExchangeOptions, access: Access, counted: ServiceStats) {
    this.#options = options
    this.#access = access
    this.#counted = counted
    this.#guard = new StallTimer(options.stallTimeout, () => this.#abort.abort(this.#stalled()))
    this.#onRunAborted = () => this.#abort.abort(options.signal.reason)
    options.signal.addEventListener('abort', this.#onRunAborted, { once: true })
    if (options.signal.aborted) this.#onRunAborted()
  }

  async send(url: URL, message: Message): Promise<Dispatcher.ResponseData> {
    const { body } = message
    await yieldToEventLoop()
    this.#counted.requests++
    this.#isPush = url.pathname.endsWith('/git-receive-pack')
    if (Buffer.isBuffer(body)) this.#counted.requestBytes += body.length
    this.#guard.arm()
    try {
      return await this.#ask(url, message).catch((error: unknown) => {
        // As curl does it, once. A push never goes out over a connection that was kept.
        if (!(error instanceof StaleConnectionError) || this.#isPush || isStream(body)) throw error
        this.#counted.requests++
        this.#guard.arm()
        return this.#ask(url, message, FRESH)
      })
    } catch (error) {
      this.#close()
      throw this.#blame(error)
    } finally {
      this.#guard.disarm()
    }
  }

  /** One request. Our own abort ends it in any phase, while undici acts on one only once it is connected. */
  async #ask(url: URL, message: Message, opaque?: symbol): Promise<Dispatcher.ResponseData> {
    const { body } = message
    const { signal } = this.#abort
    const { dispatcher, pushDispatcher } = this.#access
    const answering = request(url, {
      ...message,
      body: isStream(body) ? this.#upload(body) : (body ?? null),
      dispatcher: this.#isPush ? pushDispatcher : dispatcher,
      signal,
      // undici would have it null in what it gives back, which nobody reads.
      opaque: opaque as unknown as null,
      // Silence is watched by the guard, which knows whom we wait for.
      headersTimeout: 0,
      bodyTimeout: 0,
      // A push must not go out over an idle connection that may be dead: where pushes go, none is kept.
      reset: this.#options.side === 'target' && (this.#isPush || dispatcher === pushDispatcher),
    })
    return unlessAborted(answering, signal)
  }

  async accept(response: Dispatcher.ResponseData, contentType: string): Promise<ByteStream> {
    const { statusCode, headers } = response
    if (statusCode < 200 || statusCode > 299)
      throw statusError(this.#options.side, await this.refusal(response))
    const encodings = encodingsOf(headers)
    const isOther = mediaType(headers) !== contentType
    // As git does: a listing is recognized by its type, and a result by its packets too.
    if (!isDecodable(encodings) || (isOther && !contentType.endsWith('-result'))) {
      throw await this.#notGit(response, contentType)
    }
    const body = this.#download(decoded(response.body, encodings))
    if (!isOther) return body
    const { startsWithPacket, chunks } = await peekPackets(body)
    if (startsWithPacket) return chunks
    throw await this.#notGit(response, contentType, chunks)
  }

  /** A body of any type; undefined where it is encoded in a way that nobody here knows. */
  body(response: Dispatcher.ResponseData): ByteStream | undefined {
    const encodings = encodingsOf(response.headers)
    return isDecodable(encodings) ? this.#download(decoded(response.body, encodings)) : undefined
  }

  async discard(response: Dispatcher.ResponseData): Promise<void> {
    await this.#beginning(response)
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
  #download(body: Readable): ByteStream {
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

  /** What a response says that does not mean success. Its body is read. */
  async refusal(response: Dispatcher.ResponseData): Promise<Refusal> {
    const headers = singleValues(response.headers)
    const words = await this.#words(response)
    const { isReached, retryAfter } = rateLimitOf(headers)
    return {
      status: response.statusCode,
      text: this.#shown(words),
      requestId: this.#shown({ text: requestIdOf(headers) }),
      push: this.#isPush,
      isRateLimited: isReached,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    }
  }

  /**
   * A success that is not git's response: some hosts send a page to sign in, Azure DevOps one with status 203. `decoded`
   * is its body where its encodings are undone already.
   */
  async #notGit(
    response: Dispatcher.ResponseData,
    expected: string,
    decoded?: ByteStream,
  ): Promise<GitSyncError> {
    const { side } = this.#options
    const { statusCode, headers } = response
    const words = await this.#words(response, decoded)
    const text = this.#shown(words)
    const said = text === '' ? '' : ` It says: ${text}`
    const type = mediaType(headers)
    const what =
      type === expected
        ? `content-encoding ${encodingsOf(headers).join(', ')}`
        : `content type ${type || 'nothing'}`
    const start = `The ${side} answered with ${this.#shown({ text: what })}`
    if (words.isSignIn || (statusCode === 203 && words.text !== '')) {
      const message = `${start} and status ${statusCode}, a page to sign in: ${credentialsHint(side)}.${said}`
      return new GitSyncError(`${side}_unauthorized`, message, { cause: new HttpStatusError(statusCode) })
    }
    const hint = `expected ${expected}; is the URL that of a smart HTTP git repository, or of a login page?`
    return new GitSyncError(`${side}_protocol_error`, `${start}: ${hint}${said}`)
  }

  async #words(response: Dispatcher.ResponseData, decoded?: ByteStream): Promise<Words> {
    const { bytes, isCut } = await this.#beginning(response, decoded)
    const { 'content-encoding': encoding, ...headers } = singleValues(response.headers)
    return wordsOf(decoded ? headers : { ...headers, 'content-encoding': encoding }, bytes, isCut)
  }

  /** Text of the remote, safe to show. */
  #shown({ text, isCut }: Partial<Words> & { text: string }): string {
    return printable(this.#options.secrets.redact(legible(text), isCut), MAX_WORDS)
  }

  /** The beginning of a body that is otherwise thrown away. A body that does not come is no reason to fail. */
  async #beginning(
    { body }: Dispatcher.ResponseData,
    stream: ByteStream = this.#download(body),
  ): Promise<{ bytes: Buffer; isCut: boolean }> {
    const { signal, stallTimeout } = this.#options
    const timer = setTimeout(() => body.destroy(), Math.min(stallTimeout, REFUSAL_PATIENCE))
    const chunks: Buffer[] = []
    let isCut = true
    try {
      for (let size = 0; size <= MAX_READ; ) {
        const { value } = await stream.next()
        if (!value) {
          isCut = false
          break
        }
        chunks.push(value)
        size += value.length
      }
    } catch (error) {
      if (signal.aborted) throw error
    } finally {
      clearTimeout(timer)
      await stream.return?.()
    }
    return { bytes: Buffer.concat(chunks).subarray(0, MAX_READ), isCut }
  }

  #blame(error: unknown): GitSyncError {
    const { side, secrets } = this.#options
    return secrets.scrub(toRemoteError(side, this.#abort.signal.aborted ? this.#abort.signal.reason : error))
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

function singleValues(headers: Dispatcher.ResponseData['headers']): SingleHeaders {
  const entries = Object.entries(headers)
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]))
}

function isStream(body: Message['body']): body is AsyncIterable<Buffer> {
  return body !== undefined && !Buffer.isBuffer(body)
}
