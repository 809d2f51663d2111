import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { ProtocolError } from '../../../src/git/packets/protocol-error.js'
import { SideBandDemultiplexer } from '../../../src/git/packets/side-band.js'
import { chunkSizes, cutInto } from '../../../testing/packets/chunks.js'
import { band, FLUSH, pkt } from '../../../testing/packets/wire.js'
import { holds } from '../../../testing/property.js'

interface Outcome {
  data: string
  text: string
  ended: boolean
}

function demultiplex(chunks: Buffer[]): Outcome {
  const demultiplexer = new SideBandDemultiplexer()
  const [data, text]: [Buffer[], Buffer[]] = [[], []]
  for (const chunk of chunks) {
    const found = demultiplexer.push(chunk)
    assert.equal(found.ended, demultiplexer.ended)
    data.push(Buffer.from(found.data))
    text.push(...found.text)
  }
  const hex = (parts: Buffer[]) => Buffer.concat(parts).toString('hex')
  return { data: hex(data), text: hex(text), ended: demultiplexer.ended }
}

/** The same by the simplest means: the whole stream at once. `undefined` where it breaks the protocol. */
function reference(bytes: Buffer): Outcome | undefined {
  const found = { data: '', text: '', ended: false }
  for (let at = 0; bytes.length - at >= 4; ) {
    const size = sizeAt(bytes, at)
    if (size === 0) return { ...found, ended: true }
    if (size < 4 || size > 65520) return undefined
    const number = size > 4 ? bytes[at + 4] : undefined
    const isFatal = number === 3 && bytes.length - at >= size
    if (number !== undefined && (number < 1 || number > 3 || isFatal)) return undefined
    const payload = bytes.toString('hex', at + 5, at + size)
    if (number === 1) found.data += payload
    if (number === 2) found.text += payload
    at += size
  }
  return found
}

function sizeAt(bytes: Buffer, at: number): number {
  const header = bytes.toString('latin1', at, at + 4)
  return /^[0-9a-fA-F]{4}$/.test(header) ? Number.parseInt(header, 16) : -1
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))
const packet = fc.oneof(
  { weight: 6, arbitrary: bytes(60).map((data) => band(1, data)) },
  { weight: 3, arbitrary: bytes(20).map((text) => band(2, text)) },
  { weight: 2, arbitrary: fc.constantFrom(pkt(''), band(1, ''), band(2, '')) },
)
const stream = fc.array(packet, { maxLength: 12 }).map((packets) => Buffer.concat(packets))
const junk = fc.oneof(bytes(12), fc.constantFrom('0000', '0001', '0002', '0003', 'fff1').map(Buffer.from))
const noise = fc.oneof(
  bytes(40),
  fc.tuple(stream, junk, stream).map((parts) => Buffer.concat(parts)),
  fc.tuple(stream, fc.nat(), fc.nat(255)).map(([wire, at, byte]) => {
    if (wire.length > 0) wire[at % wire.length] = byte
    return wire
  }),
)

test('any chunking gives the same data, text and end, and nothing after the flush counts', async (t) => {
  await holds(
    t,
    fc.property(stream, bytes(30), chunkSizes, (wire, garbage, sizes) => {
      const expected = { ...reference(wire), ended: true }
      assert.deepEqual(demultiplex(cutInto(Buffer.concat([wire, FLUSH, garbage]), sizes)), expected)
      assert.deepEqual(demultiplex(cutInto(wire, sizes)), { ...expected, ended: false })
    }),
    { numRuns: 500 },
  )
})

test('noise is a ProtocolError exactly where a plain reading of the protocol says so', async (t) => {
  await holds(
    t,
    fc.property(noise, chunkSizes, (wire, sizes) => {
      const expected = reference(wire)
      if (expected) assert.deepEqual(demultiplex(cutInto(wire, sizes)), expected)
      else assert.throws(() => demultiplex(cutInto(wire, sizes)), ProtocolError)
    }),
    { numRuns: 1000 },
  )
})

test('one stream divided in two at every byte', async (t) => {
  const wire = Buffer.concat([band(2, 'counting\r'), band(1, 'PACK'), pkt(''), band(1, 'more'), FLUSH])
  const hex = (text: string) => Buffer.from(text).toString('hex')
  const expected = { data: hex('PACKmore'), text: hex('counting\r'), ended: true }
  for (let cut = 1; cut < wire.length; cut++) t.same(demultiplex(cutInto(wire, [cut, 1000])), expected)
})

test('data is handed on before its packet is complete, as a view into the chunk', async (t) => {
  const demultiplexer = new SideBandDemultiplexer()
  const chunk = Buffer.concat([band(1, 'ab'), band(2, 'text'), band(1, 'cdef').subarray(0, -2)])
  const { data, text } = demultiplexer.push(chunk)
  t.equal(data.toString(), 'abcd')
  t.equal(data.buffer, chunk.buffer, 'nothing was copied out')
  t.equal(Buffer.concat(text).toString(), 'text', 'text outlives the closing of gaps')
})

test('band 3 ends it with the words of the remote, however they were divided', async (t) => {
  const words = 'upload-pack: not our ref 1234\n'
  const wire = Buffer.concat([band(1, 'PACK'), band(3, words)])
  for (let size = 1; size <= wire.length; size++) {
    const expected = { name: 'ProtocolError', message: words.trim() }
    t.throws(() => demultiplex(cutInto(wire, [size])), expected, `chunks of ${size}`)
  }
  t.throws(() => demultiplex([band(3, '')]), { message: 'it gave no reason' })
})

test('what cannot be in a side-band stream is an error', async (t) => {
  const cases: [string | Buffer, RegExp][] = [
    ['0001', /control packet/],
    ['0002', /control packet/],
    ['0003', /expected a pkt-line length, got "0003"/],
    ['PACK', /expected a pkt-line length, got "PACK"/],
    [pkt('\0data'), /unknown side-band 0/],
    [pkt('\u0004data'), /unknown side-band 4/],
    [pkt('unpack ok\n'), /unknown side-band 117/],
  ]
  for (const [wire, message] of cases) {
    t.throws(() => demultiplex([Buffer.from(wire)]), { name: 'ProtocolError', message }, String(message))
  }
})
