import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'

export type WrittenEntry = (
  | { type: 'commit' | 'blob' | 'tag'; data: Buffer }
  /** On an earlier entry, by its index. */
  | { type: 'ofs-delta'; base: number; data: Buffer }
  | { type: 'ref-delta'; base: string; data: Buffer }
) & {
  /** The data as it was deflated before. */
  deflated?: Buffer
}

const TYPES = { commit: 1, blob: 3, tag: 4, 'ofs-delta': 6, 'ref-delta': 7 } as const

/** A pack of sha1 objects, as gitformat-pack has it. */
export function writePack(entries: readonly WrittenEntry[]): Buffer {
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
  header.writeUInt32BE(entries.length, 8)
  const parts = [header]
  const offsets: number[] = []
  let offset = header.length
  for (const entry of entries) {
    const deflated = entry.deflated ?? deflateSync(entry.data, { level: 1 })
    const bytes = Buffer.concat([entryHead(entry, offset, offsets), deflated])
    parts.push(bytes)
    offsets.push(offset)
    offset += bytes.length
  }
  const body = Buffer.concat(parts)
  return Buffer.concat([body, createHash('sha1').update(body).digest()])
}

/** A delta that copies the base's first `kept` bytes and adds to them. */
export function appending(base: Buffer, kept: number, added: Buffer): Buffer {
  const copy = [0x80 | 0x10 | 0x20 | 0x40, kept & 0xff, (kept >> 8) & 0xff, (kept >> 16) & 0xff]
  const inserts: Buffer[] = []
  for (let at = 0; at < added.length; at += 127) {
    const piece = added.subarray(at, at + 127)
    inserts.push(Buffer.from([piece.length]), piece)
  }
  return Buffer.concat([...[base.length, kept + added.length].map(varint), Buffer.from(copy), ...inserts])
}

export function idOf(type: string, data: Buffer): string {
  return createHash('sha1').update(`${type} ${data.length}\0`).update(data).digest('hex')
}

function entryHead(entry: WrittenEntry, offset: number, offsets: readonly number[]): Buffer {
  const size = sizeHead(TYPES[entry.type], entry.data.length)
  if (entry.type === 'ofs-delta')
    return Buffer.concat([size, distance(offset - (offsets[entry.base] as number))])
  return entry.type === 'ref-delta' ? Buffer.concat([size, Buffer.from(entry.base, 'hex')]) : size
}

function sizeHead(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 15)]
  for (let left = size >> 4; left > 0; left >>= 7) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80
    bytes.push(left & 0x7f)
  }
  return Buffer.from(bytes)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; ; left >>= 7) {
    if (left < 0x80) return Buffer.from([...bytes, left])
    bytes.push((left & 0x7f) | 0x80)
  }
}

/** Most significant group first, each further group counting from one more. */
function distance(value: number): Buffer {
  const bytes = [value & 0x7f]
  for (let left = (value >> 7) - 1; left >= 0; left = (left >> 7) - 1) bytes.unshift((left & 0x7f) | 0x80)
  return Buffer.from(bytes)
}
