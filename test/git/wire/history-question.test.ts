import { join } from 'node:path'
import { test } from 'tap'
import { PacketReader } from '../../../src/git/packets/packet-reader.js'
import type { ObjectFormat } from '../../../src/git/refs/object-id.js'
import { readAdvertisement } from '../../../src/git/wire/advertisement.js'
import { Capabilities } from '../../../src/git/wire/capabilities.js'
import { writeFetchV1, writeFetchV2 } from '../../../src/git/wire/fetch-request.js'
import {
  assumedCapabilities,
  DEEPEST,
  type Deepening,
  deepenRequest,
  readDeepened,
} from '../../../src/git/wire/history-question.js'
import { AGENT } from '../../../src/version.js'
import { infoRefs, responseOf } from '../../../testing/git/git-bytes.js'
import { createRepository } from '../../../testing/git/sample-repository.js'
import { streamOf } from '../../../testing/packets/chunks.js'
import { DELIM, FLUSH, pkt } from '../../../testing/packets/wire.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string]
const ancestry = (tip: string, ...shallow: string[]) => ({ wants: [tip], shallow, depth: DEEPEST })
const writeDeepenV1 = (format: ObjectFormat, question: Deepening, offered = assumedCapabilities(format)) =>
  writeFetchV1(offered, deepenRequest(question, false))
const writeDeepenV2 = (offered: Capabilities, question: Deepening) =>
  writeFetchV2(offered, deepenRequest(question, true))
const readerOf = (...packets: Buffer[]) => new PacketReader(streamOf(Buffer.concat(packets), [9]))

test('the question over v1: nothing follows the flush', async (t) => {
  t.same(
    writeDeepenV1('sha1', ancestry(A, B, C)),
    Buffer.concat([
      pkt(`want ${A}\n`),
      pkt(`shallow ${B}\n`),
      pkt(`shallow ${C}\n`),
      pkt('deepen 2147483646\n'),
      FLUSH,
    ]),
  )
  const [tip, candidate] = ['d'.repeat(64), 'e'.repeat(64)]
  const first = writeDeepenV1('sha256', ancestry(tip, candidate)).toString().split('\n')[0]
  t.equal(
    first?.slice(4),
    `want ${tip} object-format=sha256`,
    'the format is named where it is not the default',
  )
})

test('the question over v1, where capabilities were listed', async (t) => {
  const offered = Capabilities.parse(
    'multi_ack thin-pack side-band-64k ofs-delta shallow no-progress agent=git/2',
  )
  const packets = [pkt(`want ${A} multi_ack side-band-64k agent=${AGENT}\n`), pkt('deepen 3\n'), FLUSH]
  t.same(writeDeepenV1('sha1', { wants: [A], depth: 3 }, offered), Buffer.concat(packets))
  const dulwich = Capabilities.parse('thin-pack ofs-delta no-progress agent=dulwich/0.21')
  const chosen = `thin-pack ofs-delta agent=${AGENT}`
  const [first] = writeDeepenV1('sha1', { wants: [A, B], depth: 3 }, dulwich)
    .toString()
    .split('\n')
  t.equal(first?.slice(4), `want ${A} ${chosen}`)
})

test('the question over v2: the pack that follows is kept empty', async (t) => {
  t.same(
    writeDeepenV2(new Capabilities(['agent=x', 'fetch=shallow', 'object-format=sha1']), ancestry(A, B, C)),
    Buffer.concat([
      pkt('command=fetch\n'),
      pkt(`agent=${AGENT}\n`),
      pkt('object-format=sha1\n'),
      DELIM,
      pkt('no-progress\n'),
      pkt(`want ${A}\n`),
      pkt(`have ${A}\n`),
      pkt(`shallow ${B}\n`),
      pkt(`shallow ${C}\n`),
      pkt('deepen 2147483646\n'),
      pkt('done\n'),
      FLUSH,
    ]),
  )
})

test('the question over v2 of several commits: each want is a have', async (t) => {
  t.same(
    writeDeepenV2(new Capabilities(['fetch=shallow']), { wants: [A, B], depth: 2 }),
    Buffer.concat([
      pkt('command=fetch\n'),
      DELIM,
      pkt('no-progress\n'),
      ...[A, B].flatMap((id) => [pkt(`want ${id}\n`), pkt(`have ${id}\n`)]),
      pkt('deepen 2\n'),
      pkt('done\n'),
      FLUSH,
    ]),
  )
})

test('shallow and unshallow lines are distinguished', async (t) => {
  const lines = [pkt(`shallow ${C}\n`), pkt(`unshallow ${A}\n`), pkt(`unshallow ${B}`)]
  const expected = { shallow: [C], unshallow: [A, B] }
  t.same(await readDeepened(readerOf(...lines, FLUSH), false), expected)
  const v2 = [pkt('shallow-info\n'), ...lines, DELIM, pkt('packfile\n')]
  t.same(await readDeepened(readerOf(...v2), true), expected)
  const nothing = { shallow: [], unshallow: [] }
  t.same(await readDeepened(readerOf(FLUSH), false), nothing)
  t.same(await readDeepened(readerOf(pkt('packfile\n')), true), nothing)
})

test('an incomplete response is an error, not a negative result', async (t) => {
  const unshallow = pkt(`unshallow ${B}\n`)
  for (const packets of [[], [unshallow], [unshallow, Buffer.from('00')], [DELIM], [pkt('NAK\n'), FLUSH]]) {
    await t.rejects(readDeepened(readerOf(...packets), false), { name: 'ProtocolError' })
  }
  for (const packets of [[], [pkt('shallow-info\n'), unshallow], [pkt('shallow-info\n'), unshallow, FLUSH]]) {
    await t.rejects(readDeepened(readerOf(...packets), true), { name: 'ProtocolError' })
  }
  await t.rejects(readDeepened(readerOf(pkt('ERR no such want\n')), false), {
    message: 'no such want',
  })
})

test('git distinguishes ancestors from others, over both protocols', async (t) => {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    const repository = await createRepository(join(await temporaryFolder(t), 'source'), { objectFormat })
    const { dir } = repository
    const root = await repository.commit('main')
    const side = await repository.commit('side', { parents: [root] })
    const other = await repository.commit('other', { parents: [root] })
    const below = await repository.commit('main', { date: 1_000_000_000 })
    const tip = await repository.commit('main', { parents: [below, side] })
    const missing = 'f'.repeat(tip.length)
    const candidates = [root, side, other, below, missing]
    const expected = [root, side, below].sort()

    const v1 = await responseOf('upload-pack', dir, writeDeepenV1(objectFormat, ancestry(tip, ...candidates)))
    t.same((await readDeepened(readerOf(v1), false)).unshallow.sort(), expected, `v1, ${objectFormat}`)
    const { capabilities } = await readAdvertisement(streamOf(await infoRefs('upload-pack', dir, 'v2')))
    const v2 = await responseOf(
      'upload-pack',
      dir,
      writeDeepenV2(capabilities, ancestry(tip, ...candidates)),
      'v2',
    )
    t.same((await readDeepened(readerOf(v2), true)).unshallow.sort(), expected, `v2, ${objectFormat}`)
  }
})

test('git names the commits at a depth, by the shortest way to each', async (t) => {
  const repository = await createRepository(join(await temporaryFolder(t), 'source'))
  const root = await repository.commit('main')
  const below = await repository.commit('main')
  const side = await repository.commit('side', { parents: [root] })
  const tip = await repository.commit('main', { parents: [below, side] })
  const at = async (depth: number) => {
    const question = writeDeepenV1('sha1', { wants: [tip], depth })
    const answer = await responseOf('upload-pack', repository.dir, question)
    return (await readDeepened(readerOf(answer), false)).shallow.sort()
  }
  t.same(await at(1), [tip])
  t.same(await at(2), [below, side].sort())
  t.same(await at(3), [root])
  t.same(await at(4), [])
})
