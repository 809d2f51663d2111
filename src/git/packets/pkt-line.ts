import { printable } from '../../runtime/printable.js'
import { decodeText, encodeText } from '../refs/byte-text.js'
import { ProtocolError } from './protocol-error.js'

// gitprotocol-common: "pkt-line Format"; the control packets 0001 and 0002 are from gitprotocol-v2.

export type Packet =
  | { type: 'line'; payload: Buffer }
  | { type: 'flush' }
  | { type: 'delimiter' }
  | { type: 'response-end' }

export type Decoded =
  | { type: 'incomplete'; needed: number }
  | { type: 'packet'; packet: Packet; size: number }

export const HEADER_SIZE = 4
export const MAX_PACKET_SIZE = 65520
export const FLUSH_PACKET = Buffer.from('0000')
export const DELIMITER_PACKET = Buffer.from('0001')

const CONTROL = [{ type: 'flush' }, { type: 'delimiter' }, { type: 'response-end' }] as const

/** Decodes the packet at `offset`; `needed` is how many bytes from there on it takes to try again. */
export function decodePacket(buffer: Buffer, offset = 0): Decoded {
  const available = buffer.length - offset
  if (available < HEADER_SIZE) return { type: 'incomplete', needed: HEADER_SIZE }
  const size = packetSize(buffer, offset)
  const control = CONTROL[size]
  if (control) return { type: 'packet', packet: control, size: HEADER_SIZE }
  if (available < size) return { type: 'incomplete', needed: size }
  const payload = buffer.subarray(offset + HEADER_SIZE, offset + size)
  return { type: 'packet', packet: { type: 'line', payload }, size }
}

/** The size that a packet's header states, itself included; 0, 1 and 2 are the control packets. */
export function packetSize(buffer: Buffer, offset: number): number {
  let size = 0
  for (let i = offset; i < offset + HEADER_SIZE; i++) {
    const digit = hexDigit(buffer[i] as number)
    if (digit < 0) throw badHeader(buffer, offset)
    size = size * 16 + digit
  }
  if (size === 3 || size > MAX_PACKET_SIZE) throw badHeader(buffer, offset)
  return size
}

/** Encodes one data packet of at most 65,516 bytes. The caller ends text in LF. */
export function encodePacket(payload: string | Buffer): Buffer {
  const bytes = typeof payload === 'string' ? encodeText(payload) : payload
  const size = bytes.length + HEADER_SIZE
  if (size > MAX_PACKET_SIZE) throw new RangeError(`a packet holds at most 65516 bytes, not ${bytes.length}`)
  return Buffer.concat([Buffer.from(size.toString(16).padStart(4, '0')), bytes], size)
}

/** A text packet without the LF that it may or may not end in. */
export function textOf(payload: Buffer): string {
  const isEnded = payload[payload.length - 1] === 0x0a
  return decodeText(payload, 0, isEnded ? payload.length - 1 : payload.length)
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function badHeader(buffer: Buffer, offset: number): ProtocolError {
  const text = printable(buffer.toString('latin1', offset, offset + HEADER_SIZE))
  return new ProtocolError(`expected a pkt-line length, got "${text}"`)
}
