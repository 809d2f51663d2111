import { test } from 'tap'
import { PacketReader } from '../../../src/git/packets/packet-reader.js'
import { readV1Preamble, readV2Preamble, ShallowLines } from '../../../src/git/wire/fetch-response.js'
import { gather, streamOf } from '../../../testing/packets/chunks.js'
import { band, DELIM, FLUSH, pkt, RESPONSE_END } from '../../../testing/packets/wire.js'

const [A, B] = ['a', 'b'].map((digit) => digit.repeat(40)) as [string, string]
const none = { shallow: [], unshallow: [] }

const readerOf = (...parts: (Buffer | string)[]) =>
  new PacketReader(streamOf(Buffer.concat(parts.map((part) => Buffer.from(part))), [3]))

/** What a preamble says, and the bytes that it leaves for the pack. */
async function read(preamble: typeof readV1Preamble, ...parts: (Buffer | string)[]) {
  const reader = readerOf(...parts)
  const info = await preamble(reader)
  const rest = reader.rest()
  return { info, rest: await gather({ [Symbol.asyncIterator]: () => rest }) }
}

test('v1: every way of acknowledging, up to a side-band or a bare pack', async (t) => {
  const preambles = [
    [],
    ['NAK\n'],
    ['NAK'],
    [`ACK ${A}\n`],
    [`ACK ${A} common\n`, `ACK ${A} continue\n`, `ACK ${B} ready\n`, 'NAK\n', `ACK ${B}\n`],
  ]
  const packs = [band(1, 'PACK…'), band(2, 'Counting'), band(3, 'fatal'), Buffer.from('PACK\0\0\0\u0002')]
  for (const preamble of preambles) {
    for (const pack of packs) {
      const found = await read(readV1Preamble, ...preamble.map((line) => pkt(line)), pack)
      t.same(found, { info: none, rest: pack }, `${preamble.join(' ')} ${pack.toString('latin1')}`)
    }
  }
})

test('v1: the lines of a shallow history, with and without their flush', async (t) => {
  const lines = [pkt(`shallow ${A}\n`), pkt(`unshallow ${B}`)]
  for (const between of [[FLUSH], []]) {
    const { info, rest } = await read(readV1Preamble, ...lines, ...between, pkt('NAK\n'), band(1, 'PACK'))
    t.same(info, { shallow: [A], unshallow: [B] })
    t.same(rest, band(1, 'PACK'))
  }
})

test('v1: a response without a pack is an error', async (t) => {
  const message = 'the response ends early, before its pack'
  for (const parts of [[], [FLUSH], [pkt('NAK\n')], [pkt('NAK\n'), FLUSH]]) {
    await t.rejects(read(readV1Preamble, ...parts), { name: 'ProtocolError', message })
  }
  await t.rejects(read(readV1Preamble, pkt('ERR no such object\n')), { message: 'no such object' })
  for (const line of ['', 'NAKED', 'ACK', 'ACKNOWLEDGED', 'PUCK', 'packfile']) {
    await t.rejects(read(readV1Preamble, pkt(line), band(1, 'PACK')), { name: 'ProtocolError' }, line)
  }
  for (const control of [DELIM, RESPONSE_END]) {
    await t.rejects(read(readV1Preamble, control, pkt('NAK\n')), { name: 'ProtocolError' })
  }
})

test('v2: the sections before the pack', async (t) => {
  const pack = band(1, 'PACK')
  const acknowledgments = [pkt('acknowledgments\n'), pkt(`ACK ${A}\n`), pkt('ready\n'), DELIM]
  const shallowInfo = [pkt('shallow-info'), pkt(`shallow ${A}`), pkt(`unshallow ${B}\n`), DELIM]
  const wantedRefs = [pkt('wanted-refs\n'), pkt(`${A} refs/heads/main\n`), DELIM]
  const packfile = [pkt('packfile\n'), pack]
  t.same(await read(readV2Preamble, ...packfile), { info: none, rest: pack })
  t.same(await read(readV2Preamble, pkt('packfile'), pack), { info: none, rest: pack }, 'without a line end')
  t.same(await read(readV2Preamble, ...acknowledgments, ...packfile), { info: none, rest: pack })
  t.same(await read(readV2Preamble, ...acknowledgments, ...shallowInfo, ...wantedRefs, ...packfile), {
    info: { shallow: [A], unshallow: [B] },
    rest: pack,
  })
})

test('v2: a response without a pack is an error', async (t) => {
  const early = 'the response ends early, before its pack'
  const section = [pkt('acknowledgments\n'), pkt('NAK\n')]
  for (const parts of [[], section, [...section, DELIM]]) {
    await t.rejects(read(readV2Preamble, ...parts), { name: 'ProtocolError', message: early })
  }
  for (const end of [FLUSH, RESPONSE_END]) {
    const message = 'the response has no pack'
    await t.rejects(read(readV2Preamble, ...section, end), { name: 'ProtocolError', message })
    await t.rejects(read(readV2Preamble, end), { name: 'ProtocolError' })
  }
  const unknown = { name: 'ProtocolError', message: 'unknown section "packfile-uris"' }
  await t.rejects(read(readV2Preamble, pkt('packfile-uris\n'), DELIM), unknown)
})

test('v2: an ERR line fails with the words of the remote, in every section', async (t) => {
  const error = pkt(`ERR upload-pack: not our ref ${A}\n`)
  const expected = { name: 'ProtocolError', message: `upload-pack: not our ref ${A}` }
  await t.rejects(read(readV2Preamble, error), expected)
  for (const section of ['acknowledgments', 'shallow-info', 'wanted-refs']) {
    await t.rejects(read(readV2Preamble, pkt(`${section}\n`), error), expected, section)
  }
})

test('a shallow line holds one object id', async (t) => {
  for (const line of ['shallow', 'shallow ', 'unshallow abc', `shallow ${A} ${B}`, `shallow ${A.slice(1)}`]) {
    const inV2 = [pkt('shallow-info\n'), pkt(line), DELIM, pkt('packfile\n')]
    await t.rejects(read(readV2Preamble, ...inV2), { name: 'ProtocolError' }, `v2: ${line}`)
    await t.rejects(
      read(readV1Preamble, pkt(line), band(1, 'PACK')),
      { name: 'ProtocolError' },
      `v1: ${line}`,
    )
  }
  const inV2 = [pkt('shallow-info\n'), pkt(`deepened ${A}`), DELIM, pkt('packfile\n')]
  await t.rejects(read(readV2Preamble, ...inV2), { name: 'ProtocolError' })
})

test('an id in an acknowledgment or a shallow line is one', async (t) => {
  const NULL = '0'.repeat(40)
  for (const line of [
    `ACK ${NULL}`,
    'ACK abc',
    `ACK ${A} common more`,
    `shallow ${NULL}`,
    `unshallow ${NULL}`,
  ]) {
    await t.rejects(
      read(readV1Preamble, pkt(line), band(1, 'PACK')),
      { name: 'ProtocolError' },
      `v1: ${line}`,
    )
    const section = line.startsWith('ACK') ? 'acknowledgments' : 'shallow-info'
    const inV2 = [pkt(section), pkt(line), DELIM, pkt('packfile\n')]
    await t.rejects(read(readV2Preamble, ...inV2), { name: 'ProtocolError' }, `v2: ${line}`)
  }
  const sha256 = new ShallowLines({ format: 'sha256' })
  t.throws(() => sha256.keep(`shallow ${A}`), { name: 'ProtocolError' })
})

test('only the ids that matter are kept, and so many at most', async (t) => {
  const number = (at: number) => (at + 1).toString(16).padStart(40, '0')
  const some = new ShallowLines({ among: new Set([A]) })
  const all = new ShallowLines()
  for (let at = 0; at < 100_000; at++) {
    all.keep(`shallow ${number(at)}`)
    some.keep(`unshallow ${number(at)}`)
  }
  some.keep(`unshallow ${A}`)
  t.strictSame([some.shallow, some.unshallow], [[], [A]])
  t.throws(() => all.keep(`shallow ${A}`), { name: 'ProtocolError', message: /more than 100000 shallow/ })
})
