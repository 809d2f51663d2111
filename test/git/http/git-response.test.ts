import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { BodyChunks } from '../../../src/git/http/body-chunks.js'
import { acceptBody, discardBody } from '../../../src/git/http/git-response.js'
import { decodedBody } from '../../../src/git/http/response-body.js'
import { Secrets } from '../../../src/git/secrets/secrets.js'
import { wrapStream } from '../../../src/runtime/byte-stream.js'
import { gather } from '../../../testing/packets/chunks.js'

const RESULT = 'application/x-git-upload-pack-result'
const LISTING = 'application/x-git-upload-pack-advertisement'

const secrets = new Secrets()
secrets.learn({ token: 'a-secret-token' })
const options = {
  side: 'source',
  secrets,
  signal: new AbortController().signal,
  stallTimeout: 60_000,
  isPush: false,
} as const

function respond(status: number, headers: Record<string, string>, body: string | Buffer) {
  const seen = { isReleased: false }
  const chunks = new BodyChunks(decodedBody(Readable.from([Buffer.from(body)]), headers))
  const release = () => {
    seen.isReleased = true
  }
  return { seen, response: { status, headers, body: wrapStream(chunks, { release }) } }
}

test('the body of a response that is git’s is handed on whole', async (t) => {
  const accepted: [string, string, string][] = [
    [LISTING, LISTING, '0000'],
    [LISTING, `${LISTING.toUpperCase()}; charset=utf-8`, 'whatever it is'],
    [RESULT, RESULT, 'whatever it is'],
    [RESULT, 'text/plain', '0008NAK\n'],
  ]
  for (const [expected, type, text] of accepted) {
    const { response } = respond(200, { 'content-type': type }, text)
    t.equal((await gather(await acceptBody(response, expected, options))).toString(), text, type)
  }
})

test('what is not git’s is an error that quotes it, and is released', async (t) => {
  const words = 'no entry with a-secret-token'
  const plain = { 'content-type': 'text/plain' }
  const zstd = { 'content-type': LISTING, 'content-encoding': 'zstd' }
  const cases: [number, Record<string, string>, string | Buffer, string, RegExp][] = [
    [403, plain, words, 'source_unauthorized', /It says: no entry with \[redacted\]/],
    [
      403,
      { ...plain, 'content-encoding': 'gzip' },
      gzipSync(words),
      'source_unauthorized',
      /It says: no entry with \[redacted\]/,
    ],
    [200, plain, words, 'source_protocol_error', /content type text\/plain: .* It says: no entry/],
    [203, plain, words, 'source_unauthorized', /a page to sign in/],
    [200, zstd, words, 'source_protocol_error', /content-encoding zstd/],
  ]
  for (const [status, headers, body, code, message] of cases) {
    const { response, seen } = respond(status, headers, body)
    await t.rejects(acceptBody(response, LISTING, options), { code, message })
    t.ok(seen.isReleased)
  }
})

test('a result of another type that does not begin with a packet is quoted from its start', async (t) => {
  const { response, seen } = respond(200, { 'content-type': 'text/plain' }, 'no entry')
  const message = /expected application\/x-git-upload-pack-result.* It says: no entry/
  await t.rejects(acceptBody(response, RESULT, options), { message })
  t.ok(seen.isReleased)
})

test('a body that nobody needs is released, whatever it is', async (t) => {
  for (const body of ['', 'moved', 'x'.repeat(100_000)]) {
    const { response, seen } = respond(302, { 'content-encoding': 'identity' }, body)
    await discardBody(response, options)
    t.ok(seen.isReleased)
  }
})
