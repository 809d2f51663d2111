import fc from 'fast-check'
import { test } from 'tap'
import { PacketTracer } from '../../../src/git/packets/packet-tracer.js'
import { chunkSizes, cutInto } from '../../../testing/packets/chunks.js'
import { band, DELIM, FLUSH, pkt, RESPONSE_END } from '../../../testing/packets/wire.js'
import { holds } from '../../../testing/property.js'

/** The texts of a body; each chunk is overwritten once it was seen, as its reader may do. */
function trace(bytes: Buffer, sizes: readonly number[] = []): string[] {
  const texts: string[] = []
  const tracer = new PacketTracer((text) => texts.push(text))
  for (const chunk of cutInto(bytes, sizes)) {
    tracer.observe(chunk)
    chunk.fill('x')
  }
  tracer.end()
  return texts
}

const FETCH = Buffer.concat([
  pkt('packfile\n'),
  band(2, 'Counting obj'),
  band(2, 'ects: 50%\rCounting objects: 100%\r\n'),
  band(1, 'PA'),
  band(1, 'CK and what a pack holds: 0008want'),
  band(2, 'done'),
  band(3, 'too bad'),
  FLUSH,
])
const FETCH_TEXTS = [
  'packfile',
  'sideband 2: Counting objects: 50%',
  'sideband 2: Counting objects: 100%',
  'PACK ...',
  '0000',
  'sideband 2: done',
  'sideband 3: too bad',
]

test('each packet of a request, control packets by their number', async (t) => {
  const body = [pkt('command=fetch\n'), DELIM, pkt('want a'), pkt(''), FLUSH, RESPONSE_END]
  t.same(trace(Buffer.concat(body)), ['command=fetch', '0001', 'want a', '', '0000', '0002'])
})

test('a fetch: text by the line, and a pack by its first four bytes', async (t) => {
  t.same(trace(FETCH), FETCH_TEXTS)
  t.same(trace(Buffer.concat([pkt('NAK\n'), Buffer.from('PACK0008done')])), ['NAK', 'PACK ...'], 'no band')
})

test('a push: its commands, its pack, and the report within band 1', async (t) => {
  const request = Buffer.concat([pkt('a b refs/heads/x\0 atomic'), FLUSH, Buffer.from('PACK\0\0\0\u0002')])
  t.same(trace(request), ['a b refs/heads/x\0 atomic', '0000', 'PACK ...'])
  const report = Buffer.concat([pkt('unpack ok\n'), pkt('ok refs/heads/x\n'), FLUSH])
  const response = [band(1, report.subarray(0, 7)), band(1, report.subarray(7)), FLUSH]
  t.same(trace(Buffer.concat(response)), ['unpack ok', 'ok refs/heads/x', '0000', '0000'])
})

test('what is not a packet ends a trace', async (t) => {
  t.same(trace(Buffer.from('<!DOCTYPE html>')), ['not a pkt-line: "<!DO"'])
  t.same(trace(Buffer.concat([pkt('a'), Buffer.from('0003'), pkt('b')])), ['a', 'not a pkt-line: "0003"'])
})

test('side-bands within a side-band are not followed, however deep', async (t) => {
  let nested = pkt('deepest')
  while (nested.length < 60_000) nested = band(1, nested)
  t.equal(trace(nested).length, 1)
})

test('of a long packet or line the beginning is kept, and it is said', async (t) => {
  const shown: [number, boolean][] = []
  const tracer = new PacketTracer((text, isCut) => shown.push([text.length, isCut]))
  tracer.observe(pkt('x'.repeat(60_000)))
  for (let i = 0; i < 100; i++) tracer.observe(band(2, 'x'.repeat(60_000)))
  tracer.observe(band(2, 'x\nshort\n'))
  const prefix = 'sideband 2: '.length
  t.same(shown, [
    [4096, true],
    [4096 + prefix, true],
    [5 + prefix, false],
  ])
})

test('chunks of any size give the same', async (t) => {
  await holds(
    t,
    fc.property(chunkSizes, (sizes) => trace(FETCH, sizes).join('\n') === FETCH_TEXTS.join('\n')),
  )
})
