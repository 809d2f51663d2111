import type { Socket } from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { Client } from '../../../src/index.js'
import { failureOf, stage } from '../../../testing/cases/stage.js'
import {
  type Bend,
  chunked,
  type GitResponse,
  startBendingServer,
  withHeader,
  written,
} from '../../../testing/faults/bending-server.js'

// What `git clone` and `git push` of git 2.39 with curl 7.88 accept from a server; each was tried on them.

const encoded =
  (encoding: string, encode: (body: Buffer) => Buffer): Bend =>
  (answer) =>
    written({ ...withHeader(answer, 'content-encoding', encoding), body: encode(answer.body) })

const typed =
  (method: 'GET' | 'POST', change: (type: string) => string): Bend =>
  (answer, asked) =>
    written(asked.method === method ? withHeader(answer, 'content-type', change(typeOf(answer))) : answer)

const typeOf = ({ headers }: GitResponse) => headers.find(([name]) => name === 'content-type')?.[1] ?? ''
const interim = (status: number) => `HTTP/1.1 ${status} Interim\r\nX-A: b\r\n\r\n`
const lengths = (...values: (number | string)[]) => values.map((value) => `Content-Length: ${value}`)

const accepted: Record<string, Bend> = {
  '100 Continue': (answer) => written(answer, { before: interim(100) }),
  'many interim responses': (answer) =>
    written(answer, { before: [100, 100, 102, 103, 199].map(interim).join('') }),
  'an interim response of HTTP/1.0 that closes': (answer) =>
    written(answer, { before: 'HTTP/1.0 100 OK\r\nConnection: close\r\n\r\n' }),
  gzip: encoded('gzip', gzipSync),
  'X-GZIP in capitals': encoded('X-GZIP', gzipSync),
  deflate: encoded('deflate', deflateSync),
  'deflate without zlib’s header': encoded('deflate', deflateRawSync),
  br: encoded('br', brotliCompressSync),
  'gzip twice': encoded('gzip, gzip', (body) => gzipSync(gzipSync(body))),
  'encodings that are none': encoded('identity, none', (body) => body),
  'a transfer encoding of gzip': (answer) =>
    chunked({ ...answer, body: gzipSync(answer.body) }, ['Transfer-Encoding: gzip, chunked']),
  'a type in capitals on GET': typed('GET', (type) => type.toUpperCase()),
  'a type with parameters and blanks on GET': typed(
    'GET',
    (type) => `${type.replace('/', ' / ')} ; charset=utf-8;`,
  ),
  'a type in capitals with parameters on POST': typed('POST', (type) => `${type.toUpperCase()};charset=x`),
  'another type on POST': typed('POST', () => 'text/html'),
  'no type on POST': typed('POST', () => ''),
  'headers of 290 KiB': (answer) =>
    written(answer, { extra: ['A', 'B', 'C'].map((name) => `X-${name}: ${'a'.repeat(98_000)}`) }),
  '3,000 headers': (answer) =>
    written(answer, { extra: Array.from({ length: 3_000 }, (_, n) => `X-${n}: value`) }),
  'a length before chunks': (answer) => chunked(answer, [...lengths(7), 'Transfer-Encoding: chunked']),
  'a length after chunks': (answer) => chunked(answer, ['Transfer-Encoding: Chunked', ...lengths(99_999)]),
  'a length twice': (answer) => written(answer, { extra: lengths(answer.body.length) }),
  'a length in a list': (answer) =>
    written(answer, { withoutLength: true, extra: lengths(`${answer.body.length}, ${answer.body.length}`) }),
  'a folded header': (answer) => written(answer, { extra: ['X-A: a', '\t b'] }),
  'heads whose lines end in LF alone': (answer) => written(answer, { eol: '\n' }),
  'another status of success': (answer) => written(answer, { statusLine: 'HTTP/1.1 203 Non-Authoritative' }),
  'HTTP/1.0 without a length': (answer) => ({
    bytes: written(answer, { statusLine: 'HTTP/1.0 200 OK', withoutLength: true }),
    close: true,
  }),
}

t.test('accepted, as by git', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const { 'refs/heads/main': id } = await source.refs()
  const expected: Record<string, string | undefined> = {}
  for (const [n, [name, bend]] of Object.entries(accepted).entries()) {
    const from = await startBendingServer(source.server.url(''), bend)
    const to = await startBendingServer(target.server.url(''), bend)
    const scope = { mappings: [{ source: 'main', target: `case-${n}` }] }

    const syncing = new Client().sync({ source: { url: from.url }, target: { url: to.url }, scope })

    await t.resolves(syncing, name)
    t.equal(to.seen.filter((what) => what.startsWith('POST')).length, 1, 'pushed once')
    expected[`refs/heads/case-${n}`] = id
    await Promise.all([from.close(), to.close()])
  }
  t.strictSame(await target.soundRefs(), expected)
})

const refused: Record<string, { bend: Bend; message: RegExp }> = {
  'headers of 400 KiB': {
    bend: (answer) =>
      written(answer, { extra: ['A', 'B', 'C', 'D'].map((n) => `X-${n}: ${'a'.repeat(99_000)}`) }),
    message: /headers of its response are larger than 300 KiB/,
  },
  'lengths that differ': {
    bend: (answer) => written(answer, { extra: lengths(3) }),
    message: /Content-Length/,
  },
  'an encoding that nobody knows': { bend: encoded('foo', (body) => body), message: /content-encoding foo/ },
  'a damaged gzip': {
    bend: encoded('gzip', () => Buffer.from('not gzip')),
    message: /compressed body is damaged/,
  },
  'a gzip that is cut': {
    bend: encoded('gzip', (body) => gzipSync(body).subarray(0, -9)),
    message: /compressed body is damaged/,
  },
  'a raw deflate that is damaged': {
    bend: encoded('deflate', () => Buffer.from([0xff, 0xff, 0xff, 0xff])),
    message: /compressed body is damaged/,
  },
  '101 Switching Protocols': {
    bend: (answer) => written(answer, { before: interim(101) }),
    message: /switched protocols \(HTTP 101\) unasked/,
  },
  'endless interim responses': {
    bend: () => Buffer.from(interim(100).repeat(20_000)),
    message: /broke the rules of HTTP/,
  },
  'padded chunk sizes': {
    bend: (answer) =>
      Buffer.from(
        chunked(answer, ['Transfer-Encoding: chunked'])
          .toString('latin1')
          .replace(/\r\n0\r\n\r\n$/, '\r\n0  \r\n\r\n'),
        'latin1',
      ),
    message: /chunk size/,
  },
  'a header that is none': {
    bend: (answer) => written(answer, { extra: ['X (A): b'] }),
    message: /Invalid header token/,
  },
  'a body shorter than its length': {
    bend: (answer) => ({
      bytes: written(answer, {
        withoutLength: true,
        extra: [...lengths(answer.body.length + 5), 'Connection: close'],
      }),
      close: true,
    }),
    message: /not as long as Content-Length says/,
  },
  'a body whose last chunk never comes': {
    bend: (answer) => ({
      bytes: chunked(answer, ['Transfer-Encoding: chunked', 'Connection: close']).subarray(0, -5),
      close: true,
    }),
    message: /ended before all of its body/,
  },
  'HTTP/0.9': { bend: ({ body }) => ({ bytes: body, close: true }), message: /does not speak HTTP/ },
  'HTTP/2 in words': {
    bend: (answer) => written(answer, { statusLine: 'HTTP/2 200' }),
    message: /does not speak HTTP/,
  },
}

t.test('what was said wrongly is a protocol error, and no matter of trying again', async (t) => {
  const { source } = await stage(t)
  await source.commit('main')
  for (const [name, { bend, message }] of Object.entries(refused)) {
    const front = await startBendingServer(source.server.url(''), bend)
    const error = await failureOf(new Client().probe({ source: { url: front.url } }))
    t.match(error, { code: 'source_protocol_error', retryable: false, message }, name)
    await front.close()
  }
})

t.test('a response to a POST that is neither of the type nor packets is told by its type', async (t) => {
  const { source } = await stage(t)
  await source.commit('main')
  for (const page of ['<html>', 'no', '']) {
    const front = await startBendingServer(source.server.url(''), (answer, { method }) =>
      written(
        method === 'GET'
          ? answer
          : { ...withHeader(answer, 'content-type', 'Text/HTML'), body: Buffer.from(page) },
      ),
    )
    const error = await failureOf(new Client().probe({ source: { url: front.url } }))
    t.match(error, { code: 'source_protocol_error', message: /content type text\/html/ })
    await front.close()
  }
})

for (const how of ['ended', 'reset'] as const) {
  t.test(`a kept connection that is ${how} as a read comes: asked again once, over a new one`, async (t) => {
    const { source, target, request } = await stage(t)
    await source.commit('main')
    const front = await startBendingServer(source.server.url(''), (answer, { index, socket }) => {
      if (index === 0) return written(answer)
      if (how === 'ended') socket.end()
      else socket.resetAndDestroy()
      return undefined
    })
    t.teardown(() => front.close())
    const client = new Client()

    await client.sync(request({ source: { url: front.url } }))

    t.strictSame(await target.soundRefs(), await source.refs())
    t.strictSame(front.seen, [
      'GET info/refs',
      'POST git-upload-pack',
      'POST git-upload-pack',
      'POST git-upload-pack',
    ])
  })
}

t.test('a connection is not tried again that was new, or on which a response began', async (t) => {
  const { source } = await stage(t)
  await source.commit('main')
  const ends: { isReused: boolean; end: (socket: Socket) => void }[] = [
    { isReused: false, end: (socket) => socket.end() },
    { isReused: true, end: (socket) => socket.end('HTTP/1.1 20') },
    { isReused: true, end: (socket) => socket.end(interim(100)) },
  ]
  for (const { isReused, end } of ends) {
    let isEnding = false
    const reused: boolean[] = []
    const front = await startBendingServer(source.server.url(''), (answer, { index, socket }) => {
      if (!isEnding) return written(answer)
      reused.push(index > 0)
      end(socket)
      return undefined
    })
    const client = new Client()
    const probe = () => client.probe({ source: { url: front.url } })
    if (isReused) await probe()
    isEnding = true
    const error = await failureOf(probe())
    t.match(error, { code: 'source_unreachable', retryable: true })
    t.strictSame(reused, [isReused], 'one request')
    await front.close()
  }
})

t.test('a push is never sent twice, however its connection ends', async (t) => {
  const { source, target, request } = await stage(t)
  await source.commit('main')
  const front = await startBendingServer(target.server.url(''), (answer, { method, socket }) => {
    if (method === 'GET') return written(answer)
    socket.end()
    return undefined
  })
  t.teardown(() => front.close())

  const result = await new Client().sync(request({ target: { url: front.url } }))

  t.equal(result.counts.applied, 1, 'it landed, as the listing that follows says')
  t.strictSame(front.seen, ['GET info/refs', 'POST git-receive-pack', 'GET info/refs'])
})
