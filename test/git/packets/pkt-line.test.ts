import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import {
  DELIMITER_PACKET,
  decodePacket,
  encodePacket,
  FLUSH_PACKET,
  textOf,
} from '../../../src/git/packets/pkt-line.js'
import { holds } from '../../../testing/property.js'

const payloads = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))

test('what was encoded is decoded, wherever in a buffer it stands', async (t) => {
  await holds(
    t,
    fc.property(payloads, payloads, payloads, (before, payload, after) => {
      const packet = encodePacket(payload)
      const decoded = decodePacket(Buffer.concat([before, packet, after]), before.length)
      assert.deepEqual(decoded, {
        type: 'packet',
        packet: { type: 'line', payload },
        size: payload.length + 4,
      })
    }),
  )
})

test('recorded bytes', async (t) => {
  t.equal(encodePacket('a\n').toString(), '0006a\n')
  t.equal(encodePacket('foobar\n').toString(), '000bfoobar\n')
  t.equal(encodePacket('').toString(), '0004')
  t.equal(encodePacket('é').toString('latin1'), '0006Ã©')
  t.same(decodePacket(Buffer.from('000Aabcdef')), {
    type: 'packet',
    packet: { type: 'line', payload: Buffer.from('abcdef') },
    size: 10,
  })
})

test('control packets are variants, and 0004 is an empty line', async (t) => {
  const types = ['0000', '0001', '0002'].map((text) => decodePacket(Buffer.from(`${text}0006a\n`)))
  t.same(types, [
    { type: 'packet', packet: { type: 'flush' }, size: 4 },
    { type: 'packet', packet: { type: 'delimiter' }, size: 4 },
    { type: 'packet', packet: { type: 'response-end' }, size: 4 },
  ])
  const empty = { type: 'packet', packet: { type: 'line', payload: Buffer.alloc(0) }, size: 4 }
  t.same(decodePacket(Buffer.from('0004')), empty)
  t.equal(FLUSH_PACKET.toString(), '0000')
  t.equal(DELIMITER_PACKET.toString(), '0001')
})

test('the largest packet holds 65,516 bytes', async (t) => {
  const largest = encodePacket(Buffer.alloc(65516, 'x'))
  t.equal(largest.length, 65520)
  t.equal(largest.toString('latin1', 0, 4), 'fff0')
  t.match(decodePacket(largest), { type: 'packet', size: 65520 })
  t.throws(() => encodePacket(Buffer.alloc(65517)), RangeError)
  t.throws(() => encodePacket('é'.repeat(32759)), RangeError)
})

test('every truncated packet asks for the bytes it lacks', async (t) => {
  const packet = encodePacket('want 1234\n')
  for (let length = 0; length < packet.length; length++) {
    const needed = length < 4 ? 4 : packet.length
    t.same(decodePacket(packet.subarray(0, length)), { type: 'incomplete', needed }, `${length} bytes`)
  }
  t.same(decodePacket(Buffer.from('fff0')), { type: 'incomplete', needed: 65520 })
})

test('a length is four hex digits, and nothing else', async (t) => {
  const isTaken = (header: Buffer) => {
    try {
      return decodePacket(header).type !== undefined
    } catch (error) {
      assert.match(String(error), /^ProtocolError: expected a pkt-line length, got "/)
      return false
    }
  }
  for (let position = 0; position < 4; position++) {
    const taken: string[] = []
    for (let byte = 0; byte < 256; byte++) {
      const header = Buffer.from('0010')
      header[position] = byte
      if (isTaken(header)) taken.push(String.fromCharCode(byte))
    }
    t.equal(taken.join(''), '0123456789ABCDEFabcdef', `digit ${position}`)
  }
})

test('lengths that no packet has are refused', async (t) => {
  for (const header of ['0003', 'fff1', 'ffff', '-004', '+004', ' 004', '0x04', 'PACK', '<htm']) {
    t.throws(() => decodePacket(Buffer.from(`${header}abcd`)), { name: 'ProtocolError' }, header)
  }
  t.throws(
    () => decodePacket(Buffer.from('\0\x1b[2')),
    { message: 'expected a pkt-line length, got "[2"' },
    'and shown without control characters',
  )
})

test('text comes without the one LF that it may end in', async (t) => {
  const texts = ['a\n', 'a', 'a\n\n', 'a\r\n', '\n', '', 'é\n']
  t.same(
    texts.map((text) => textOf(Buffer.from(text))),
    ['a', 'a', 'a\n', 'a\r', '', '', 'é'],
  )
})
