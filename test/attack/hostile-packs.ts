import { createHash } from 'node:crypto'
import { constants, deflateRawSync, deflateSync } from 'node:zlib'
import { idOf, type WrittenEntry, writePack } from '../../testing/packets/pack-writer.js'

const MIB = 1024 * 1024
const TREE = 'a'.repeat(40)

export interface HostilePack {
  /** What the source lists as its branch. */
  tip: string
  chunks: () => Iterable<Buffer>
}

/** Packs by which a source may hope to hurt whoever reads its history. */
export const hostilePacks: Record<string, () => HostilePack> = {
  'deltas whose bases are nowhere': () => {
    const data = Buffer.alloc(16 * MIB)
    const deflated = deflateSync(data, { level: 9 })
    return packOf(many(15, (index) => ({ type: 'ref-delta', base: nameOf(index), data, deflated })))
  },

  'small deltas whose bases are nowhere': () => {
    const data = Buffer.alloc(16)
    const deflated = deflateSync(data)
    return packOf(many(55_000, (index) => ({ type: 'ref-delta', base: nameOf(index), data, deflated })))
  },

  'small deltas that make very much': () => {
    const base = commit([], ' '.repeat(15 * MIB))
    const data = copying(base.length, base.length)
    const delta: WrittenEntry = { type: 'ofs-delta', base: 0, data, deflated: deflateSync(data) }
    return packOf([{ type: 'commit', data: base }, ...many(1000, () => delta)])
  },

  'a delta of millions of instructions': () => {
    const base = commit([], ' ')
    const head = Buffer.from([...varint(base.length), ...varint(4_000_000)])
    const data = Buffer.concat([head, Buffer.alloc(8_000_000, '\x01 ')])
    return packOf([
      { type: 'commit', data: base },
      { type: 'ofs-delta', base: 0, data },
    ])
  },

  'parents that share the beginnings of their ids': () => {
    const parents = (at: number) => many(10_000, (index) => `12345678${nameOf(at * 10_000 + index).slice(8)}`)
    return packOf(many(8, (at) => ({ type: 'commit', data: commit(parents(at)) })))
  },

  'a parent more than 16 bits count, the same again and again': () =>
    packOf([{ type: 'commit', data: commit(many(65_536, () => TREE)) }]),

  'more parents than 16 bits count, each in the pack': () => {
    const roots = many(66_000, (index) => commit([], String(index)))
    const all = commit(roots.map((root) => idOf('commit', root)))
    const entry = (data: Buffer): WrittenEntry => ({ type: 'commit', data, deflated: stored(data) })
    return packOf([...roots.map(entry), { type: 'commit', data: all }])
  },

  'very many objects of nothing': () => packOf(many(30_000, () => NOTHING)),

  'very many objects after one that took long': () => {
    const data = Buffer.concat(many(2_000, (index) => createHash('sha512').update(String(index)).digest()))
    return packOf([
      { type: 'blob', data, deflated: deflateSync(data, { level: 0 }) },
      ...many(30_000, () => NOTHING),
    ])
  },

  'a file of 320 megabytes': () => {
    const piece = deflateRawSync(Buffer.alloc(16 * MIB), { finishFlush: constants.Z_FULL_FLUSH })
    const size = 20 * 16 * MIB
    const end = Buffer.from([1, 0, 0, 0xff, 0xff, ...adlerOfZeros(size)])
    const bytes = Buffer.concat([
      packHeader(1),
      entryHead(3, size),
      Buffer.from([0x78, 1]),
      ...many(20, () => piece),
      end,
      Buffer.alloc(20),
    ])
    return { tip: TREE, chunks: () => [bytes] }
  },

  'a commit that is too large': () => {
    const bytes = Buffer.concat([packHeader(1), entryHead(1, 17 * MIB), Buffer.alloc(1000)])
    return { tip: TREE, chunks: () => [bytes] }
  },

  'a size that never ends': () => endless(Buffer.from([0x90]), Buffer.alloc(60_000, 0x80)),

  'a distance that never ends': () => endless(Buffer.from([0x65]), Buffer.alloc(60_000, 0x80)),

  'a commit that inflates to nothing and never ends': () => {
    const nothing = Buffer.concat(many(10_000, () => Buffer.from([0, 0, 0, 0xff, 0xff])))
    return endless(Buffer.from([0x10, 0x78, 0x01]), nothing)
  },

  'bytes after the last object that never end': () =>
    endless(writePack([{ type: 'commit', data: commit([]) }]).subarray(12), Buffer.alloc(60_000)),

  'a chain of open deltas, each of which makes a megabyte': () => {
    const base = commit([], ' '.repeat(MIB))
    const data = copying(base.length, base.length)
    const entries = many(
      200,
      (index): WrittenEntry =>
        index === 0
          ? { type: 'ref-delta', base: idOf('commit', base), data }
          : { type: 'ofs-delta', base: index - 1, data },
    )
    const packs = [writePack(entries), writePack([{ type: 'commit', data: base }])]
    return { tip: TREE, chunks: () => (packs.length > 1 ? packs.splice(0, 1) : packs) }
  },
}

const NOTHING: WrittenEntry = { type: 'blob', data: Buffer.alloc(0), deflated: deflateSync('') }

function packOf(entries: WrittenEntry[]): HostilePack {
  const pack = writePack(entries)
  return { tip: idOf('commit', entries.at(-1)?.data ?? Buffer.alloc(0)), chunks: () => [pack] }
}

function endless(beginning: Buffer, again: Buffer): HostilePack {
  const chunks = function* () {
    yield packHeader(1)
    yield beginning
    for (;;) yield again
  }
  return { tip: TREE, chunks }
}

function packHeader(objects: number): Buffer {
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
  header.writeUInt32BE(objects, 8)
  return header
}

function commit(parents: readonly string[], message = ''): Buffer {
  const lines = parents.map((id) => `parent ${id}\n`).join('')
  return Buffer.from(`tree ${TREE}\n${lines}author x <x> 0 +0000\ncommitter x <x> 0 +0000\n\n${message}\n`)
}

/** A delta that copies its base's beginning by one instruction. */
function copying(baseSize: number, size: number): Buffer {
  const copy = [0xf0, size & 255, (size >> 8) & 255, size >> 16]
  return Buffer.from([...varint(baseSize), ...varint(size), ...copy])
}

function entryHead(type: number, size: number): Buffer {
  return Buffer.from([0x80 | (type << 4) | (size % 16), ...varint(Math.floor(size / 16))])
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 0x80, ...varint(Math.floor(value / 128))]
}

/** Small data, deflated at no cost. */
function stored(data: Buffer): Buffer {
  const head = Buffer.from([0x78, 1, 1, 0, 0, 0, 0])
  head.writeUInt16LE(data.length, 3)
  head.writeUInt16LE(~data.length & 0xffff, 5)
  return Buffer.concat([head, data, adler(data)])
}

function adler(data: Buffer): Buffer {
  let [a, b] = [1, 0]
  for (const byte of data) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  const sum = Buffer.alloc(4)
  sum.writeUInt16BE(b, 0)
  sum.writeUInt16BE(a, 2)
  return sum
}

function adlerOfZeros(count: number): Buffer {
  const sum = Buffer.from([0, 0, 0, 1])
  sum.writeUInt16BE(count % 65_521, 0)
  return sum
}

function nameOf(index: number): string {
  return createHash('sha1').update(String(index)).digest('hex')
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
