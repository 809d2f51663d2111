import { deflateSync } from 'node:zlib'
import { idOf, writePack } from '../packets/pack-writer.js'
import { band, FLUSH, pkt } from '../packets/wire.js'
import type { HostileRemotes } from './hostile-remotes.js'

const COMMIT_HEAD = `tree ${'2'.repeat(40)}\n`
const COMMIT_END = 'author A <a@example.org> 1 +0000\ncommitter A <a@example.org> 1 +0000\n\nx\n'

export function commit(parents: readonly string[]): Buffer {
  return Buffer.from(COMMIT_HEAD + parents.map((parent) => `parent ${parent}\n`).join('') + COMMIT_END)
}

/** A source whose branch is at the first of these commits. */
export function withCommits(commits: readonly Buffer[]): HostileRemotes {
  return packed(writePack(commits.map((data) => ({ type: 'commit', data }))), commits[0] as Buffer)
}

function packed(pack: Buffer, tip: Buffer): HostileRemotes {
  const pieces: Buffer[] = [pkt('NAK\n')]
  for (let at = 0; at < pack.length; at += 60_000) pieces.push(band(1, pack.subarray(at, at + 60_000)))
  const line = pkt(`${idOf('commit', tip)} refs/heads/main\n`)
  return { listing: () => [line], fetch: () => [...pieces, FLUSH] }
}

/** One commit of 64 KiB, and a hundred deltas of 2 kB that copy it 256 times. */
export function deltaBombs(): HostileRemotes {
  const base = Buffer.concat([commit([]), Buffer.alloc(65_536, 'x')]).subarray(0, 65_536)
  // A size of zero is 64 KiB.
  const copies = Buffer.alloc(256, 0x80)
  const data = Buffer.concat([varint(base.length), varint(base.length * 256), copies])
  const deltas = Array.from({ length: 100 }, () => ({ type: 'ofs-delta' as const, base: 0, data }))
  return packed(writePack([{ type: 'commit', data: base }, ...deltas]), base)
}

/** Twenty commits of 60 MiB that deflate to 60 kB. */
export function zeroBombs(): HostileRemotes {
  const size = 60 * 1024 * 1024
  const zeros = deflateSync(Buffer.alloc(size), { level: 1 })
  const count = 20
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
  head.writeUInt32BE(count, 8)
  const entries = Array.from({ length: count }, () => [entryHead(1, size), zeros]).flat()
  const pack = Buffer.concat([head, ...entries, Buffer.alloc(20)])
  return packed(pack, commit([]))
}

function entryHead(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 15)]
  for (let left = Math.floor(size / 16); left > 0; left = Math.floor(left / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80
    bytes.push(left & 0x7f)
  }
  return Buffer.from(bytes)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; ; left >>>= 7) {
    if (left < 0x80) return Buffer.from([...bytes, left])
    bytes.push((left & 0x7f) | 0x80)
  }
}
