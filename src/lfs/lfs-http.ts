import type { EndpointRole } from '../../schemas/event.js'
import { GitSyncError } from '../errors.js'
import { discardBody, readRefusal } from '../git/http/git-response.js'
import { HttpStatusError, type Refusal } from '../git/http/refusals/http-status.js'
import { REDIRECTS, refused } from '../git/http/refusals/redirect.js'
import { encodingsOf, isDecodable, mediaType } from '../git/http/response-body.js'
import { ProtocolError } from '../git/packets/protocol-error.js'
import { type ByteStream, wrapStream } from '../runtime/byte-stream.js'
import { legible, printable } from '../runtime/printable.js'
import { type Action, toAction } from './action.js'
import { MEDIA_TYPE, type ObjectResponse, type Operation, parseBatch, writeBatch } from './batch-api.js'
import { readJson } from './json-response.js'
import { LfsConnection, type LfsOptions, locationOf, MAX_REDIRECTS, type Sent } from './lfs-connection.js'
import { aboutStorage, apiError, noServer, objectError, transferError } from './lfs-error.js'
import { redirectedAction } from './lfs-redirect.js'
import type { Pointer } from './pointer.js'

/** What a server says of one object. */
export type Answer =
  /** An upload: it has the object. */
  | { type: 'present' }
  | { type: 'transfer'; action: Action; verify: Action | undefined }
  | { type: 'refused'; error: GitSyncError }

export interface Download {
  /** Bytes of the body, where the server says so and has not encoded it. */
  length: number | undefined
  body: ByteStream
}

/** How an upload ended: where it is to go instead, if anywhere. */
export type Uploaded = { type: 'done' } | { type: 'redirected'; action: Action }

/** Objects of one batch request, as git-lfs's client has it, and some servers allow no more. */
export const MAX_BATCH = 100
const MAX_WORDS = 300

/** One side's LFS server, and the storage that it sends us to: requests and bodies, and nothing of what they are for. */
export class LfsHttp {
  readonly side: EndpointRole
  readonly #options: LfsOptions
  readonly #connection: LfsConnection
  #mostObjects = MAX_BATCH

  constructor(options: LfsOptions) {
    this.#options = options
    this.side = options.side
    this.#connection = new LfsConnection(options)
  }

  get signal(): AbortSignal {
    return this.#options.signal
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#options.now()
  }

  /**
   * What the server says of these objects. An object that it leaves out has no answer.
   *
   * @throws GitSyncError `lfs_unsupported` where there is no LFS server
   */
  async batch(operation: Operation, objects: readonly Pointer[], ref?: string): Promise<Map<string, Answer>> {
    const answers = new Map<string, Answer>()
    for (let at = 0; at < objects.length; ) {
      const some = objects.slice(at, at + this.#mostObjects)
      const answered = await this.#batch(operation, some, ref)
      if (answered === 'too-many') {
        this.#mostObjects = Math.ceil(some.length / 2)
        continue
      }
      for (const [oid, response] of answered) answers.set(oid, this.#answer(response))
      at += some.length
    }
    return answers
  }

  /** Whether there is an LFS server that lets us in, found out by asking for an object that nobody has. @throws GitSyncError */
  async answers(): Promise<boolean> {
    try {
      await this.#batch('download', [{ oid: '0'.repeat(64), size: 1 }])
      return true
    } catch (error) {
      // Some refuse the question, which only an LFS server can.
      if (
        error instanceof GitSyncError &&
        error.cause instanceof HttpStatusError &&
        error.cause.status === 422
      )
        return true
      if (error instanceof GitSyncError && /^lfs_|_unauthorized$|_protocol_error$/.test(error.code))
        return false
      throw error
    }
  }

  /** GETs an object; redirects are followed. @throws GitSyncError */
  async download(action: Action): Promise<Download> {
    let from = action
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await this.#connection.act('download', from, { method: 'GET', headers: {} })
      if (REDIRECTS.has(response.status)) {
        await discardBody(response, response.options)
        from = redirectedAction(this.side, from, locationOf(response))
        continue
      }
      if (response.status !== 200) throw await this.#refusal(response, from)
      const { 'content-length': length } = response.headers
      const encodings = encodingsOf(response.headers)
      if (!isDecodable(encodings)) {
        await response.body.return()
        throw aboutStorage(this.#broken('its response is encoded as we do not read it'), from.url)
      }
      const { url } = from
      const body = wrapStream(response.body, { error: (error) => aboutStorage(error, url) })
      return { length: encodings.length === 0 && length !== undefined ? Number(length) : undefined, body }
    }
    throw refused(this.side, `an LFS object more than ${MAX_REDIRECTS} times`)
  }

  /** PUTs an object of `size` bytes. A redirected one has to be sent anew. @throws what the body throws; GitSyncError */
  async upload(action: Action, body: Buffer | AsyncIterable<Buffer>, size: number): Promise<Uploaded> {
    const headers: Record<string, string> = { 'content-type': 'application/octet-stream' }
    if (!action.isChunked) headers['content-length'] = String(size)
    const response = await this.#connection.act('upload', action, { method: 'PUT', headers, body })
    const { status } = response
    if (REDIRECTS.has(status)) {
      await discardBody(response, response.options)
      return { type: 'redirected', action: redirectedAction(this.side, action, locationOf(response)) }
    }
    if (status < 200 || status > 299) throw await this.#refusal(response, action)
    await discardBody(response, response.options)
    return { type: 'done' }
  }

  /** Tells the server that an object has been uploaded, where it wants to know. @throws GitSyncError */
  async verify(action: Action, { oid, size }: Pointer): Promise<void> {
    const body = Buffer.from(JSON.stringify({ oid, size }))
    const headers = { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE }
    const response = await this.#connection.act('verify', action, { method: 'POST', headers, body })
    if (response.status < 200 || response.status > 299) throw await this.#refusal(response, action)
    await discardBody(response, response.options)
  }

  async #batch(
    operation: Operation,
    objects: readonly Pointer[],
    ref?: string,
  ): Promise<Map<string, ObjectResponse> | 'too-many'> {
    const body = writeBatch(operation, objects, ref)
    const response = await this.#connection.batch(body)
    const { status } = response
    if (status === 413 && objects.length > 1) {
      await discardBody(response, response.options)
      return 'too-many'
    }
    if (status < 200 || status > 299) throw apiError(this.side, await refusalOf(response))
    const type = mediaType(response.headers)
    if (!/\bjson$/.test(type) || !isDecodable(encodingsOf(response.headers))) {
      await discardBody(response, response.options)
      throw noServer(this.side, `responds with content type ${printable(this.#redact(type)) || 'nothing'}`)
    }
    try {
      return await parseBatch(operation, objects, await readJson(response.body, this.signal))
    } catch (error) {
      throw error instanceof ProtocolError ? this.#broken(this.#redact(error.message)) : error
    }
  }

  async #refusal(response: Sent, { url }: Action): Promise<GitSyncError> {
    return transferError(this.side, await refusalOf(response), printable(url.host))
  }

  #answer(response: ObjectResponse): Answer {
    const { side } = this
    if (response.type === 'present') return response
    if (response.type === 'refused') {
      const text = printable(this.#redact(response.text), MAX_WORDS)
      return { type: 'refused', error: objectError(side, response.status, text) }
    }
    const { link, verify, authenticated } = response
    const context = { side, server: this.#connection.server, authenticated, now: this.#options.now() }
    try {
      return {
        type: 'transfer',
        action: toAction(link, context),
        verify: verify && toAction(verify, context),
      }
    } catch (error) {
      if (!(error instanceof GitSyncError)) throw error
      return { type: 'refused', error }
    }
  }

  #redact(text: string): string {
    return this.#options.secrets.redact(legible(text))
  }

  #broken(what: string): GitSyncError {
    return new GitSyncError(
      `${this.side}_protocol_error`,
      `The LFS server of the ${this.side} broke the LFS API: ${printable(what, MAX_WORDS)}.`,
    )
  }
}

function refusalOf(response: Sent): Promise<Refusal> {
  return readRefusal(response, { ...response.options, isPush: false })
}
