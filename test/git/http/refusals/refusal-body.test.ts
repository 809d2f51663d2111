import { PassThrough, Readable } from 'node:stream'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'tap'
import { BodyChunks } from '../../../../src/git/http/body-chunks.js'
import { readBeginning, wordsOf } from '../../../../src/git/http/refusals/refusal-body.js'
import { decodedBody } from '../../../../src/git/http/response-body.js'
import { type ByteStream, wrapStream } from '../../../../src/runtime/byte-stream.js'
import { FakeClock } from '../../../../testing/processes/fake-clock.js'
import { holds } from '../../../../testing/property.js'

const words = (type: string | undefined, body: string | Buffer, isCut = false) =>
  wordsOf(type === undefined ? {} : { 'content-type': type }, Buffer.from(body), isCut)

test('of JSON the messages are taken, as each host writes them', async (t) => {
  const bodies: [unknown, string][] = [
    [{ message: 'Bad credentials', documentation_url: 'https://docs.example' }, 'Bad credentials'],
    [
      { $id: '1', innerException: null, message: 'TF401019: no such repository', errorCode: 0 },
      'TF401019: no such repository',
    ],
    [{ message: { base: ['You are not allowed'] } }, 'You are not allowed'],
    [
      { error: 'insufficient_scope', error_description: 'needs read_repository' },
      'insufficient_scope; needs read_repository',
    ],
    [
      { type: 'error', error: { message: 'Access denied', detail: 'ask an admin' } },
      'Access denied; ask an admin',
    ],
    [{ errors: [{ context: null, message: 'One' }, { message: 'Two' }] }, 'One; Two'],
    [{ errors: ['One', 'One'] }, 'One'],
    [{ type: 'about:blank', title: 'Forbidden', detail: 'by policy' }, 'Forbidden; by policy'],
    [{ Message: 'User is not authorized' }, 'User is not authorized'],
    [['first', { msg: 'second' }], 'first; second'],
    [{ code: 42 }, '{"code":42}'],
  ]
  for (const type of ['application/json; charset=utf-8', 'application/problem+json', 'text/plain', undefined])
    for (const [body, text] of bodies)
      t.strictSame(words(type, JSON.stringify(body)), { text, isCut: false, isSignIn: false }, text)
  t.equal(words('application/json', '{"message": "never en', true).text, '{"message": "never en')
  t.equal(words('application/json', '{nonsense}').text, '{nonsense}')
  t.equal(
    words('application/json', `${'['.repeat(30_000)}`).text.length,
    30_000,
    'deep nesting is no trouble',
  )
})

test('of HTML and XML the text is taken, without scripts, comments and repetitions', async (t) => {
  const page = `<!DOCTYPE html><html><head><TITLE>403 Forbidden</TITLE><style>a { b }</style>
    <script>if (a < b) alert("x")</SCRIPT></head><body><!-- hidden > --><h1>403 Forbidden</h1>
    <p>Your IP isn&#39;t <b>allowed</b> &amp;&nbsp;never&#x20;was &bogus; &#99999999;</p></body></html>`
  t.equal(
    words('text/html', page).text,
    `403 Forbidden Your IP isn't allowed & never was &bogus; &#99999999;`,
  )
  t.equal(words(undefined, page).text.slice(0, 13), '403 Forbidden', 'without a type too')
  const s3 = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
  t.equal(words('application/xml', s3).text, 'AccessDenied Access Denied')
  t.equal(words('text/html', 'Your account is locked.').text, '', 'no markup, so it is not what it says')
  t.equal(words('text/html', '<p>whole</p><p>beginning of a sec', true).text, 'whole')
  t.equal(words('text/html', '<p>whole</p><script>never ends').text, 'whole')
  t.equal(words('text/html', '<p>whole</p><unfinished').text, 'whole')
})

test('a page to sign in is known by its title, or by its field for a password', async (t) => {
  const pages = [
    '<html><head><title>Azure DevOps Services | Sign In</title></head></html>',
    '<title>Log in · Example</title>',
    '<form><input name=p TYPE="password"></form>',
    "<input type='password'>",
  ]
  for (const page of pages) t.ok(words('text/html; charset=utf-8', page).isSignIn, page)
  const others = ['<title>Assigning tickets</title>', '<p>sign in</p>', '<input type="text" name="password">']
  for (const page of others) t.notOk(words('text/html', page).isSignIn, page)
})

test('plain text is taken whole, in its charset, and what is no text is left out', async (t) => {
  t.strictSame(words('text/plain', 'no entry\n', true), { text: 'no entry\n', isCut: true, isSignIn: false })
  t.equal(
    words('text/plain; charset=ISO-8859-1', Buffer.from('verboten für Sie', 'latin1')).text,
    'verboten für Sie',
  )
  t.equal(words('text/plain; charset="nonsense"', 'as it is').text, 'as it is')
  t.equal(
    words('application/x-git-upload-pack-result', '001cERR access is not allowed').text,
    'access is not allowed',
  )
  for (const type of ['image/png', 'application/octet-stream', 'application/pdf'])
    t.equal(words(type, 'PNG').text, '')
  t.equal(words('text/plain', 'a\0b').text, '')
  t.equal(words('text/plain', '').text, '')
})

const decode = (bytes: Buffer, encoding: string) =>
  wrapStream(new BodyChunks(decodedBody(Readable.from([bytes]), { 'content-encoding': encoding })))

const begin = (body: ByteStream) => readBeginning(body, 60_000, new AbortController().signal)

test('compressed words are read, up to a size', async (t) => {
  const packed = {
    gzip: gzipSync,
    'x-gzip': gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    GZIP: gzipSync,
  }
  for (const [encoding, pack] of Object.entries(packed)) {
    t.same(await begin(decode(pack('no entry'), encoding)), { bytes: Buffer.from('no entry'), isCut: false })
    const bomb = await begin(decode(pack('x'.repeat(10_000_000)), encoding))
    t.ok(bomb.isCut, 'a bomb')
    t.equal(bomb.bytes.toString(), 'x'.repeat(32 * 1024))
    const damaged = await begin(decode(Buffer.from('not packed at all'), encoding))
    t.same(damaged, { bytes: Buffer.alloc(0), isCut: true })
    const truncated = await begin(decode(pack('no entry').subarray(0, -1), encoding))
    t.ok(truncated.isCut, 'not all of it came')
  }
  const unknown = await begin(decode(Buffer.from('as it is'), 'zstd'))
  t.same(unknown, { bytes: Buffer.from('as it is'), isCut: false })
})

test('the beginning of a body is known to be one, whatever has ended it', async (t) => {
  const released = { count: 0 }
  const chunks = (count: number) => Array.from({ length: count }, () => Buffer.alloc(1024, 'x'))
  const endingIn = (bytes: readonly Buffer[], last: () => Promise<IteratorResult<Buffer, undefined>>) => {
    const next = chunksThen(bytes, last)
    return wrapStream({ next }, { release: () => released.count++ })
  }
  const end = async () => ({ done: true as const, value: undefined })
  const cases: [ByteStream, number, boolean][] = [
    [endingIn(chunks(0), end), 0, false],
    [endingIn(chunks(32), end), 32, false],
    [endingIn(chunks(33), end), 32, true],
    [endingIn(chunks(2), () => Promise.reject(new Error('reset'))), 2, true],
  ]
  for (const [body, kibibytes, isCut] of cases)
    t.same(await begin(body), { bytes: Buffer.alloc(kibibytes * 1024, 'x'), isCut })
  t.equal(released.count, cases.length)
  const clock = new FakeClock()
  t.teardown(() => clock.restore())
  const silent = new PassThrough()
  silent.write('word')
  const reading = readBeginning(
    wrapStream(new BodyChunks(silent), { release: () => silent.destroy() }),
    5000,
    new AbortController().signal,
  )
  await new Promise(setImmediate)
  clock.advance(5000)
  t.same(await reading, { bytes: Buffer.from('word'), isCut: true }, 'its time is over')
  t.ok(silent.destroyed)

  const failure = new Error('cancelled')
  const cancelled = endingIn(chunks(1), () => Promise.reject(failure))
  await t.rejects(readBeginning(cancelled, 5000, AbortSignal.abort()), failure)
})

function chunksThen(bytes: readonly Buffer[], last: () => Promise<IteratorResult<Buffer, undefined>>) {
  const left = [...bytes]
  return async () => {
    const value = left.shift()
    return value ? { value } : last()
  }
}

test('whatever the body, it is read in a time that grows with its length', async (t) => {
  const pieces = fc.constantFrom(
    '<',
    '>',
    '<script',
    '<!--',
    '<title>',
    '<input type=',
    '&#',
    '{"message":',
    '[',
    '"',
    'sign ',
    ' ',
    'é',
  )
  const body = fc
    .tuple(pieces, pieces, fc.nat({ max: 16_000 }))
    .map(([one, two, count]) => one + two.repeat(count))
  const types = fc.constantFrom(undefined, 'text/html', 'application/json', 'text/plain')
  await holds(
    t,
    fc.property(body, types, fc.boolean(), (text, type, isCut) => {
      const read = words(type, Buffer.from(text).subarray(0, 32 * 1024), isCut)
      return typeof read.text === 'string'
    }),
    { numRuns: 200 },
  )
})
