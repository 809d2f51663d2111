import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'tap'
import { wordsOf } from '../../../src/git/http/refusal-body.js'
import { holds } from '../../../testing/property.js'

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

test('compressed words are read, up to a size', async (t) => {
  const packed = {
    gzip: gzipSync,
    'x-gzip': gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    GZIP: gzipSync,
  }
  for (const [encoding, pack] of Object.entries(packed)) {
    const headers = { 'content-type': 'text/plain', 'content-encoding': encoding }
    t.equal(wordsOf(headers, pack('no entry')).text, 'no entry', encoding)
    t.equal(wordsOf(headers, pack('x'.repeat(10_000_000))).text, '', 'a bomb')
    t.equal(wordsOf(headers, Buffer.from('not packed at all')).text, '')
  }
})

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
