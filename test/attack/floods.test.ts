import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t, { type Test } from 'tap'
import { emptyPack } from '../../src/git/pack/pack.js'
import { runLimited } from '../../testing/hostile/limited-run.js'
import { band, FLUSH, pkt, startFakeRemote } from '../../testing/packets/wire.js'

// Each run has a process of its own with a heap that holds a tenth of what is sent, or less.

const HEAP = 100
/** Milliseconds: an honest turn takes 5, and a collection of garbage on a busy machine far more. */
const LONGEST = 300
const ID = '1'.repeat(40)

/** What a remote responds, by the last part of the path and the git command in the body. */
type Responses = Record<'info/refs' | 'ls-refs' | 'fetch' | 'push', () => Iterable<Buffer>>

const list = (...lines: string[]) => [Buffer.concat([...lines.map((line) => pkt(line)), FLUSH])]
const v2 = () => list('version 2', 'ls-refs', 'fetch=shallow filter')
const oneRef = () => list(`${ID} refs/heads/main`)
const noRefs = () => list(`${'0'.repeat(40)} capabilities^{}\0report-status delete-refs ofs-delta`)
const noObjects = () => [Buffer.concat([pkt('packfile\n'), band(1, emptyPack('sha1')), FLUSH])]

async function remote(t: Test, service: 'upload' | 'receive', responses: Partial<Responses>) {
  const { url, close } = await startFakeRemote(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const isListing = request.method === 'GET'
    const kind = isListing ? 'advertisement' : 'result'
    response.setHeader('content-type', `application/x-git-${service}-pack-${kind}`)
    const isFetch = Buffer.concat(parts).includes('want ')
    const called = service === 'receive' ? 'push' : isFetch ? 'fetch' : 'ls-refs'
    const body = responses[isListing ? 'info/refs' : called]?.() ?? []
    await pipeline(Readable.from(body, { objectMode: false }), response).catch(() => {})
  })
  t.teardown(close)
  return { url: url() }
}

const honestSource = (t: Test, fetch: () => Iterable<Buffer> = noObjects) =>
  remote(t, 'upload', { 'info/refs': v2, 'ls-refs': oneRef, fetch })
const honestTarget = (t: Test) => remote(t, 'receive', { 'info/refs': noRefs })

/** So many lines, each with a number of its own, in chunks. */
function* lines(count: number, lineOf: (id: string, number: number) => string | Buffer, head: Buffer[] = []) {
  yield* head
  for (let number = 1; number <= count; ) {
    const chunk: Buffer[] = []
    for (; number <= count && chunk.length < 1000; number++)
      chunk.push(pkt(lineOf(number.toString(16).padStart(40, '0'), number)))
    yield Buffer.concat(chunk)
  }
  yield FLUSH
}
const ENDLESS = Number.POSITIVE_INFINITY

t.test('lines without an end', async (t) => {
  const shallowTarget = () =>
    lines(ENDLESS, (id) => `shallow ${id}`, [pkt(`${ID} refs/heads/main\0report-status`)])
  const capabilities = () => lines(ENDLESS, (id) => `feature-${id}`, [pkt('version 2')])
  const shallowInfo = () => lines(ENDLESS, (id) => `shallow ${id}`, [pkt('shallow-info')])
  const acknowledged = () => lines(ENDLESS, (id) => `ACK ${id}`, [pkt('acknowledgments')])
  const [honest, empty] = [await honestSource(t), await honestTarget(t)]
  const cases = {
    'shallow lines of a target': [honest, await remote(t, 'receive', { 'info/refs': shallowTarget })],
    'capabilities of a source': [await remote(t, 'upload', { 'info/refs': capabilities }), empty],
    'shallow lines of a source': [await honestSource(t, shallowInfo), empty],
    'acknowledgments of a source': [await honestSource(t, acknowledged), empty],
  } as const
  for (const [name, [source, target]] of Object.entries(cases)) {
    const run = await runLimited(HEAP, 'sync', { source, target })
    t.equal(run.outcome, `${name.split(' ').at(-1)}_protocol_error`, `${name}: ${run.message}`)
    t.match(run.message, /more than|longer than/, name)
    t.ok(run.longest < LONGEST, `${name}: ${run.longest} ms`)
  }
})

t.test('twenty MiB of names that are none, and a few notices', async (t) => {
  const bad = Buffer.alloc(400, 0xff)
  const lineOf = (id: string) => Buffer.concat([Buffer.from(`${id} refs/heads/x..`), bad])
  const listing = () => lines(50_000, lineOf, [pkt(`${ID} refs/heads/main`)])
  const source = await remote(t, 'upload', { 'info/refs': v2, 'ls-refs': listing })
  const run = await runLimited(HEAP, 'plan', { source, target: await honestTarget(t) })
  t.match(run, { outcome: 'done', refs: 1 }, run.message)
  t.equal(run.notices.length, 11)
  t.match(run.notices.at(-1), /49990 more names/)
  t.ok(run.longest < LONGEST, `${run.longest} ms`)
})

t.test('more objects without a ref than can be offered', async (t) => {
  const listing = () => lines(500_000, (id) => `${id} .have`, [pkt(`${ID} refs/heads/x\0report-status`)])
  const target = await remote(t, 'receive', { 'info/refs': listing })
  const run = await runLimited(45, 'plan', { source: await honestSource(t), target })
  t.match(run, { outcome: 'done', refs: 1 }, run.message)
  t.ok(run.longest < LONGEST, `${run.longest} ms`)
})
