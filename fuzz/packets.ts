import { createHash } from 'node:crypto'
import { band } from '../testing/packets/wire.js'

const HEADER = 4

/** A response taken apart into its packets, header included; what is not one is left as it is. */
export function splitPackets(body: Buffer): Buffer[] {
  const packets: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const size = Number.parseInt(body.toString('latin1', at, at + HEADER), 16)
    const end = Math.min(body.length, at + Math.max(HEADER, Number.isNaN(size) ? body.length : size))
    packets.push(body.subarray(at, end))
    at = end
  }
  return packets
}

const isData = (packet: Buffer) => packet.length > HEADER && packet[HEADER] === 1

/** The pack that a response carries in its side-band; empty where it carries none. */
export function packIn(body: Buffer): Buffer {
  const data = splitPackets(body)
    .filter(isData)
    .map((packet) => packet.subarray(HEADER + 1))
  const all = Buffer.concat(data)
  return all.toString('latin1', 0, 4) === 'PACK' ? all : Buffer.alloc(0)
}

/** The same response with another pack, whose checksum is made right. */
export function withPack(body: Buffer, content: Buffer): Buffer {
  const packets = splitPackets(body)
  const first = packets.findIndex(isData)
  const after = packets.findLastIndex(isData) + 1
  const pack = Buffer.concat([content, createHash('sha1').update(content).digest()])
  const pieces: Buffer[] = []
  for (let at = 0; at < pack.length; at += 8000) pieces.push(band(1, pack.subarray(at, at + 8000)))
  return Buffer.concat([...packets.slice(0, first), ...pieces, ...packets.slice(after)])
}

/** Whether a whole pack came, with the right checksum. */
export function isWholePack(pack: Buffer): boolean {
  if (pack.length < 32 || pack.toString('latin1', 0, 4) !== 'PACK') return false
  return createHash('sha1').update(pack.subarray(0, -20)).digest().equals(pack.subarray(-20))
}
