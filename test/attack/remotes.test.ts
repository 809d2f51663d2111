import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { deflateSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { Client } from '../../src/index.js'
import { failureOf, stage } from '../../testing/cases/stage.js'
import { band, FLUSH, pkt, startFakeRemote } from '../../testing/packets/wire.js'
import { problemOf, serveApp } from '../../testing/processes/served-app.js'

const MIB = 1024 * 1024
const ID = '1'.repeat(40)
const CAPABILITIES = 'side-band-64k ofs-delta shallow agent=evil/1'
const FIRST_LINE = pkt(`${ID} refs/heads/main\0${CAPABILITIES}\n`)
/** An advertisement's beginning. */
const HEAD = Buffer.concat([pkt('# service=git-upload-pack\n'), FLUSH, FIRST_LINE])

/** A source that responds with this. The caller may disconnect before its end. */
async function evilSource(t: Test, { listing, pack }: { listing: Body; pack?: () => Body }) {
  const { url, close, requests } = await startFakeRemote(async (request, response) => {
    const [kind, body] = request.method === 'GET' ? ['advertisement', listing] : ['result', pack?.() ?? []]
    response.setHeader('content-type', `application/x-git-upload-pack-${kind}`)
    await say(response, body)
  })
  t.teardown(close)
  return { source: { url: url() }, requests }
}

type Body = Iterable<Buffer>

async function say(response: ServerResponse, body: Body): Promise<void> {
  await pipeline(Readable.from(body, { objectMode: false }), response).catch(() => {})
}

function* forever(chunk: Buffer): Generator<Buffer> {
  for (;;) yield chunk
}

/** The beginning of a response, and then one chunk again and again. */
function* endless(head: Buffer, chunk: Buffer): Generator<Buffer> {
  yield head
  yield* forever(chunk)
}

/** Refs of four hundred bytes each, up to so many bytes. */
function* manyRefs(bytes: number): Generator<Buffer> {
  yield HEAD
  for (let sent = 0, number = 0; sent < bytes; ) {
    const lines = Array.from({ length: 500 }, () =>
      pkt(`${ID} refs/heads/${String(number++).padStart(340, '0')}\n`),
    )
    const chunk = Buffer.concat(lines)
    sent += chunk.length
    yield chunk
  }
  yield FLUSH
}

t.test('an advertisement of 100 MiB works, the event loop stays free, and memory is bounded', async (t) => {
  const { source } = await evilSource(t, { listing: manyRefs(100 * MIB) })
  const before = process.memoryUsage().rss
  const turns = watchTurns()
  const { refs } = await new Client().probe({ source })
  const longest = turns.end()
  const grown = (process.memoryUsage().rss - before) / MIB
  t.comment(`${refs.length} refs, ${grown.toFixed()} MiB, the longest turn took ${longest.toFixed()} ms`)
  t.ok(refs.length > 250_000)
  t.ok(grown < 600, `${grown} MiB`)
  t.ok(longest < 400, `${longest} ms`)
})

/** The longest turn of the event loop in milliseconds of processor time, which other processes do not blur. */
function watchTurns() {
  let longest = 0
  let last = process.cpuUsage()
  const tick = () => {
    const { user, system } = process.cpuUsage(last)
    longest = Math.max(longest, (user + system) / 1000)
    last = process.cpuUsage()
    next = setImmediate(tick)
  }
  let next = setImmediate(tick)
  const end = () => {
    clearImmediate(next)
    return longest
  }
  return { end }
}

t.test('an advertisement that never ends', async (t) => {
  const same = pkt(`${ID} refs/heads/${'a'.repeat(4000)}\n`)
  const { source } = await evilSource(t, { listing: endless(HEAD, Buffer.concat(Array(16).fill(same))) })
  const error = await failureOf(new Client().probe({ source }))
  t.match(error, { code: 'source_protocol_error', message: /256 MiB/ })
})

t.test('a packet length of ffff', async (t) => {
  const long = Buffer.concat([HEAD, Buffer.from('ffff'), Buffer.alloc(0xffff, 'a')])
  const { source } = await evilSource(t, { listing: endless(long, Buffer.alloc(MIB, 'a')) })
  t.match(await failureOf(new Client().probe({ source })), { code: 'source_protocol_error' })
})

t.test('ref names with control characters', async (t) => {
  const names = ['a\u001b[2Jb', 'a\nb', 'a\r\nX-Injected: yes', 'a\0b', 'a\u007fb', 'a b', '../a', 'a..b']
  const { target } = await stage(t)
  const listing = [HEAD, ...names.map((name) => pkt(`${ID} refs/heads/${name}\n`)), FLUSH]
  const { source } = await evilSource(t, { listing })
  const { refs } = await new Client().plan({ source, target: { url: target.url } })
  t.strictSame(
    refs.map(({ targetRef }) => targetRef),
    ['refs/heads/main'],
    'they are never pushed',
  )
  const asked = { source, target: { url: target.url }, scope: { branches: ['a*'] } }
  t.match(await failureOf(new Client().plan(asked)), { code: 'no_matching_refs' })
})

/** A pack of very many objects, each of them the same sound blob of 32,768 bytes. */
const PACK_HEADER = Buffer.from('5041434b00000002000fffff', 'hex')
const BLOB = Buffer.concat([Buffer.from([0xb0, 0x80, 0x10]), deflateSync(Buffer.alloc(32_768), { level: 0 })])
const endlessPack = () => endless(Buffer.concat([pkt('NAK\n'), band(1, PACK_HEADER)]), band(1, BLOB))

t.test('a source that sends forever', async (t) => {
  const { target } = await stage(t)
  const listing = [HEAD, FLUSH]
  const run = async (more: object, signal?: AbortSignal) => {
    const { source } = await evilSource(t, { listing, pack: endlessPack })
    const request = { source, target: { url: target.url }, ...more }
    return failureOf(new Client().sync(request, signal ? { signal } : {}))
  }
  t.match(await run({ options: { maxPackBytes: 10 * MIB } }), { code: 'pack_limit_exceeded' })
  t.match(await run({}, AbortSignal.timeout(500)), { code: 'deadline_exceeded' })
  const spooled = { materialize: 'always', materializedMaxBytes: 10 * MIB }
  t.match(await run({ options: spooled }), { code: 'pack_limit_exceeded' })
  t.strictSame(await target.soundRefs(), {})
})

t.test('a source that keeps talking without sending anything ends with the deadline', async (t) => {
  const { target } = await stage(t)
  const talk = Buffer.concat(Array.from({ length: 100 }, () => band(2, 'Counting objects\r')))
  const { source } = await evilSource(t, {
    listing: [HEAD, FLUSH],
    pack: () => endless(pkt('NAK\n'), talk),
  })
  const signal = AbortSignal.timeout(300)
  const run = new Client().sync({ source, target: { url: target.url } }, { signal })
  t.match(await failureOf(run), { code: 'deadline_exceeded' })
  t.strictSame(await target.refs(), {})
})

t.test('a target that never responds', async (t) => {
  const { source } = await evilSource(t, { listing: [HEAD, FLUSH] })
  const { url, close } = await startFakeRemote(() => {})
  t.teardown(close)
  const client = new Client({ stallTimeout: 200 })
  const { post } = await serveApp(t, { client })
  const response = await post('/sync', { source, target: { url: url() } })
  t.equal(response.status, 504)
  t.match(await problemOf(response), { code: 'target_timeout', retryable: true })
})

t.test('a decompression bomb', async (t) => {
  const bomb = gzipSync(Buffer.alloc(100 * MIB))
  const accepted: unknown[] = []
  const { url, close } = await startFakeRemote((request, response) => {
    accepted.push(request.headers['accept-encoding'])
    response.setHeader('content-type', 'application/x-git-upload-pack-advertisement')
    response.setHeader('content-encoding', 'gzip').end(bomb)
  })
  t.teardown(close)
  const error = await failureOf(new Client().probe({ source: { url: url() } }))
  // As curl does, it is unpacked although that was not asked for: as far as the first packet, which is none.
  t.match(error, { code: 'source_protocol_error', message: /expected a pkt-line length/ })
  t.strictSame(accepted, ['identity'])

  const served = await serveApp(t)
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  const response = await fetch(`${served.url}/sync`, { method: 'POST', headers, body: bomb })
  t.equal(response.status, 415, 'a request is not unpacked')
})
