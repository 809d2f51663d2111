import fc from 'fast-check'
import { test } from 'tap'
import { parseConnectResponse } from '../../../src/git/connections/proxy-tunnel.js'
import { MAX_HEAD_BYTES, ResponseHeads } from '../../../src/git/connections/response-heads.js'
import { holds } from '../../../testing/property.js'

/** What passes of these chunks, the end included. */
function passed(chunks: readonly string[], heads = new ResponseHeads()): string {
  const out = chunks.map((chunk) => heads.take(Buffer.from(chunk, 'latin1'))?.toString('latin1') ?? '')
  return out.join('') + heads.flush().toString('latin1')
}

const OK = 'HTTP/1.1 200 OK\r\nA: b\r\n\r\n'

test('heads are edited, and only they', async (t) => {
  const table: [string, string][] = [
    [`${OK}HTTP/1.1 100 is the body\r\n\r\n`, `${OK}HTTP/1.1 100 is the body\r\n\r\n`],
    [`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 103\n\n${OK}x`, `${OK}x`],
    ['HTTP/1.1 200\nA: b\n\nx\ny', 'HTTP/1.1 200\r\nA: b\r\n\r\nx\ny'],
    ['HTTP/1.1 200\r\nA: b\r\n  c\r\n\td\r\n\r\n', 'HTTP/1.1 200\r\nA: b c d\r\n\r\n'],
    [
      'HTTP/1.1 200\r\ncontent-length: 1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n',
    ],
    [
      'HTTP/1.1 200\r\nContent-Length: 1, 1\r\nContent-Length:1\r\n\r\n',
      'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n',
    ],
  ]
  for (const [bytes, expected] of table) {
    t.equal(passed([bytes]), expected)
    t.equal(passed(bytes.split('')), expected, 'byte by byte')
  }
  const differing = 'HTTP/1.1 200\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'
  t.equal(passed([differing]), differing, 'no matter of ours')
  t.throws(() => passed(['HTTP/1.1 101 Switching Protocols\r\n\r\n']), { message: 'bad upgrade' })
})

test('what is not HTTP, or too much, passes at once', async (t) => {
  const heads = new ResponseHeads()
  t.equal(heads.take(Buffer.from('SSH-2.0'))?.toString(), 'SSH-2.0')
  const endless = `HTTP/1.1 200 OK\r\n${'a'.repeat(MAX_HEAD_BYTES)}`
  t.equal(new ResponseHeads().take(Buffer.from(endless))?.length, endless.length)
  // Each chunk ends where an interim head does.
  const interim = Buffer.from('HTTP/1.1 100 Interim\r\nX-A: b\r\n\r\n'.repeat(2048))
  const babbled = new ResponseHeads()
  let passing = 0
  for (let n = 0; n < 8; n++) passing += babbled.take(interim)?.length ?? 0
  t.ok(passing > interim.length)
})

test('a connection is stale if it was used, is asked, and says nothing', async (t) => {
  const heads = new ResponseHeads()
  heads.isAsked = true
  t.notOk(heads.isStale, 'a new one')
  heads.take(Buffer.from(OK))
  t.notOk(heads.isStale, 'it has just answered')
  heads.expect()
  t.notOk(heads.isStale, 'nothing was asked')
  heads.isAsked = true
  t.ok(heads.isStale)
  heads.take(Buffer.from('H'))
  t.notOk(heads.isStale, 'it has begun')
})

const part = fc.oneof(
  fc.constantFrom(
    OK,
    'HTTP/1.1 100 C\r\n\r\n',
    'HTTP/1.',
    ' 200',
    '\r\n',
    '\n',
    'Content-Length: 3',
    ',',
    'a: b',
  ),
  fc.string({ maxLength: 9 }),
)

test('however bytes are split, the same passes', async (t) => {
  const property = fc.property(fc.array(part), fc.array(fc.nat(60)), (parts, cuts) => {
    const text = parts.join('').replaceAll(/ 101/g, ' 102')
    const at = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length]
    const chunks = at.slice(1).map((end, n) => text.slice(at[n], end))
    return passed(chunks) === passed([text])
  })
  await holds(t, property)
})

test('the answer to CONNECT is the first final one, read to its end and no further', async (t) => {
  const property = fc.property(
    fc.array(fc.constantFrom('HTTP/1.1 100 C\r\n\r\n', 'HTTP/1.0 103\nA: b\n\n')),
    fc.integer({ min: 200, max: 999 }),
    fc.string(),
    fc.nat(),
    (before, status, rest, cut) => {
      const heads = `${before.join('')}HTTP/1.1 ${status} X\r\nB: c\r\n\r\n`
      const found = parseConnectResponse(Buffer.from(heads + rest, 'latin1'))
      const early = parseConnectResponse(Buffer.from(heads.slice(0, cut % heads.length), 'latin1'))
      return found?.status === status && found.length === heads.length && early === undefined
    },
  )
  await holds(t, property)
  for (const garbage of ['SSH-2.0', 'HTTP/2 200', 'HTTP/1.1 2x', 'HTTP/1.1 100 C\r\n\r\nboo']) {
    t.throws(() => parseConnectResponse(Buffer.from(garbage)), /does not speak HTTP/)
  }
})
