import type { Dispatcher } from 'undici'
import { GitSyncError } from '../../errors.js'
import type { ByteStream } from '../../runtime/byte-stream.js'
import { legible, printable } from '../../runtime/printable.js'
import { worded } from '../../wording.js'
import type { ExchangeOptions, Response } from './exchange.js'
import {
  credentialsHint,
  HttpStatusError,
  type Refusal,
  requestIdOf,
  type SingleHeaders,
  statusError,
} from './refusals/http-status.js'
import { rateLimitOf } from './refusals/rate-limit.js'
import { readBeginning, type Words, wordsOf } from './refusals/refusal-body.js'
import { encodingsOf, isDecodable, mediaType, peekPackets } from './response-body.js'

export interface ResponseOptions extends ExchangeOptions {
  /** The response is that to a push. */
  isPush: boolean
}

/** Milliseconds for a body that says why a request was refused, or that nobody needs: its headers matter more. */
const REFUSAL_PATIENCE = 5_000
const MAX_WORDS = 300

/**
 * The body of a response that is git's, of the media type `expected`.
 *
 * @throws GitSyncError for a status that is not a success, and for what is not git's
 */
export async function acceptBody(
  response: Response,
  expected: string,
  options: ResponseOptions,
): Promise<ByteStream> {
  const { status, headers, body } = response
  if (status < 200 || status > 299) throw statusError(options.side, await readRefusal(response, options))
  const isOther = mediaType(headers) !== expected
  // As git does: a listing is recognized by its type, and a result by its packets too.
  if (!isDecodable(encodingsOf(headers)) || (isOther && !expected.endsWith('-result'))) {
    throw await notGit(response, expected, options)
  }
  if (!isOther) return body
  const { startsWithPacket, chunks } = await peekPackets(body)
  if (startsWithPacket) return chunks
  throw await notGit({ ...response, body: chunks }, expected, options)
}

/** Reads a short body that nobody needs, so that its connection can serve again; a long one is released. */
export async function discardBody({ body }: Response, options: ExchangeOptions): Promise<void> {
  await readBeginning(body, patience(options), options.signal)
}

/** What a response says that is no success. Its body is read. */
export async function readRefusal(response: Response, options: ResponseOptions): Promise<Refusal> {
  const headers = singleValues(response.headers)
  const words = await readWords(response, options)
  const { isReached, retryAfter } = rateLimitOf(headers)
  return {
    status: response.status,
    text: shown(words, options),
    requestId: shown({ text: requestIdOf(headers) }, options),
    push: options.isPush,
    isRateLimited: isReached,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  }
}

/** A success that is not git's response: some hosts send a page to sign in, Azure DevOps one with status 203. */
async function notGit(response: Response, expected: string, options: ResponseOptions): Promise<GitSyncError> {
  const { side } = options
  const { status, headers } = response
  const words = await readWords(response, options)
  const text = shown(words, options)
  const said = text === '' ? '' : ` It says: ${text}`
  const type = mediaType(headers)
  const what =
    type === expected
      ? `content-encoding ${encodingsOf(headers).join(', ')}`
      : `content type ${type || 'nothing'}`
  const start = `The ${side} responded with ${shown({ text: what }, options)}`
  if (words.isSignIn || (status === 203 && words.text !== '')) {
    const message = worded`${start} and status ${status}, a page to sign in: ${credentialsHint(side)}.${said}`
    return new GitSyncError(`${side}_unauthorized`, message, { cause: new HttpStatusError(status) })
  }
  const hint = `expected ${expected}; is the URL that of a smart HTTP git repository, or of a login page?`
  return new GitSyncError(`${side}_protocol_error`, `${start}: ${hint}${said}`)
}

async function readWords({ headers, body }: Response, options: ExchangeOptions): Promise<Words> {
  const { bytes, isCut } = await readBeginning(body, patience(options), options.signal)
  return wordsOf(singleValues(headers), bytes, isCut)
}

function patience({ stallTimeout }: ExchangeOptions): number {
  return Math.min(stallTimeout, REFUSAL_PATIENCE)
}

/** Text of the remote, safe to show. */
function shown({ text, isCut }: Partial<Words> & { text: string }, { secrets }: ExchangeOptions): string {
  return printable(secrets.redact(legible(text), isCut), MAX_WORDS)
}

function singleValues(headers: Dispatcher.ResponseData['headers']): SingleHeaders {
  const entries = Object.entries(headers)
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]))
}
