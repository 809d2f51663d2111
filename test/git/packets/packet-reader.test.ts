import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { PacketReader } from '../../../src/git/packets/packet-reader.js'
import { encodePacket, type Packet } from '../../../src/git/packets/pkt-line.js'
import { chunkSizes, cutInto, gather, streamOf, watchedStream } from '../../../testing/packets/chunks.js'
import { holds } from '../../../testing/property.js'

const control = { '0000': 'flush', '0001': 'delimiter', '0002': 'response-end' } as const
const controls = fc.constantFrom('0000', '0001', '0002')
const lines = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes))
const packetLists = fc.array(fc.oneof(lines, controls), { maxLength: 12 })

const wireOf = (packets: (Buffer | string)[]) =>
  Buffer.concat(
    packets.map((packet) => (Buffer.isBuffer(packet) ? encodePacket(packet) : Buffer.from(packet))),
  )

async function readAll(reader: PacketReader): Promise<Packet[]> {
  const packets: Packet[] = []
  for (let packet = await reader.next(); packet; packet = await reader.next()) packets.push(packet)
  return packets
}

test('any chunking gives the same packets', async (t) => {
  await holds(
    t,
    fc.asyncProperty(packetLists, chunkSizes, async (packets, sizes) => {
      const expected = packets.map((packet) =>
        Buffer.isBuffer(packet)
          ? { type: 'line', payload: packet }
          : { type: control[packet as keyof typeof control] },
      )
      const found = await readAll(new PacketReader(streamOf(wireOf(packets), sizes)))
      assert.deepEqual(found, expected)
    }),
  )
})

test('a stream truncated within a packet is an error, one truncated between two is not', async (t) => {
  const packets = [Buffer.from('version 2\n'), '0001', Buffer.alloc(0), Buffer.from('x'), '0000']
  const wire = wireOf(packets)
  const boundaries = new Map([0, 14, 18, 22, 27, 31].map((at, index) => [at, index]))
  for (let cut = 0; cut <= wire.length; cut++) {
    const reading = readAll(new PacketReader(streamOf(wire.subarray(0, cut), [3])))
    const whole = boundaries.get(cut)
    if (whole !== undefined) t.equal((await reading).length, whole, `cut at ${cut}`)
    else {
      const message = 'the response ends in the middle of a packet'
      await t.rejects(reading, { name: 'ProtocolError', message }, `cut at ${cut}`)
    }
  }
})

test('the error for a missing packet says where it was expected', async (t) => {
  const reader = new PacketReader(streamOf(Buffer.from('0000')))
  t.same(await reader.nextOrFail('here'), { type: 'flush' })
  const message = 'the response ends early, after the flush'
  await t.rejects(reader.nextOrFail('after the flush'), { name: 'ProtocolError', message })
})

test('peeking consumes nothing', async (t) => {
  const wire = wireOf([Buffer.from('NAK\n'), '0000'])
  const reader = new PacketReader(streamOf(wire, [1]))
  t.equal((await reader.peek(5)).toString(), '0008N')
  t.equal((await reader.peek(2)).toString(), '00')
  t.equal((await reader.peek(100)).toString(), '0008NAK\n0000', 'fewer at the end')
  t.equal((await readAll(reader)).length, 2)
  t.equal((await reader.peek(1)).length, 0)
})

test('the rest is every byte that no packet took', async (t) => {
  await holds(
    t,
    fc.asyncProperty(lines, chunkSizes, fc.nat(8), async (tail, sizes, peeked) => {
      const wire = Buffer.concat([wireOf([Buffer.from('packfile\n')]), tail])
      const reader = new PacketReader(streamOf(wire, sizes))
      await reader.next()
      await reader.peek(peeked)
      const rest = reader.rest()
      assert.deepEqual(await gather({ [Symbol.asyncIterator]: () => rest }), tail)
    }),
  )
})

test('finishing reads a short end, and releases a long one', async (t) => {
  const short = watchedStream([Buffer.from('0000'), Buffer.alloc(500), Buffer.alloc(524)])
  const reader = new PacketReader(short.bytes)
  await reader.next()
  await reader.finish()
  t.equal(short.seen.end, 'reached')

  const endless = watchedStream(Array.from({ length: 1000 }, () => Buffer.alloc(100)))
  await new PacketReader(endless.bytes).finish()
  t.same(endless.seen, { chunks: 11, end: 'let go' })

  const inOne = watchedStream([Buffer.concat([Buffer.from('0000'), Buffer.alloc(1025)]), Buffer.alloc(1)])
  const other = new PacketReader(inOne.bytes)
  await other.next()
  await other.finish()
  t.same(inOne.seen, { chunks: 1, end: 'let go' })
})

test('closing the reader, or its rest, releases the stream', async (t) => {
  for (const close of [(r: PacketReader) => r.close(), (r: PacketReader) => r.rest().return()]) {
    const { bytes, seen } = watchedStream(cutInto(wireOf([Buffer.from('a'), Buffer.from('b')]), [5]))
    const reader = new PacketReader(bytes)
    await reader.next()
    await close(reader)
    t.equal(seen.end, 'let go')
    t.ok(seen.chunks < 3)
  }
})

test('a failing stream fails the read with its own error', async (t) => {
  const failure = new Error('reset')
  async function* failing() {
    yield Buffer.from('000')
    throw failure
  }
  const caught = await new PacketReader(failing()).next().catch((error: unknown) => error)
  t.equal(caught, failure)
})

test('a packet in chunks of one byte is copied once, not once a chunk', async (t) => {
  const packet = encodePacket(Buffer.alloc(65516))
  const copies = t.capture(Buffer, 'concat', Buffer.concat)
  t.match(await new PacketReader(streamOf(packet, [1])).next(), { type: 'line' })
  const copied = copies().reduce((sum, { args: [parts] }) => sum + Buffer.byteLength(Buffer.concat(parts)), 0)
  t.ok(copied >= packet.length, 'the copies are seen')
  t.ok(copied < 2 * packet.length, `${copied} bytes copied`)
})
