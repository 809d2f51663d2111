import { pkt } from '../packets/wire.js'
import type { Bytes } from './hostile-remotes.js'

const ID = '1'.repeat(40)

export const numbered = (number: number) => number.toString(16).padStart(40, '0')

export function* refLines(count: number, name: (number: number) => string): Bytes {
  yield* batched(count, (i) => `${ID} ${name(i)}\n`)
}

export function* idLines(count: number, after: string): Bytes {
  yield* batched(count, (i) => `${numbered(i + 1)}${after}\n`)
}

/** Many lines a chunk: what the server costs is not what is measured. */
function* batched(count: number, line: (number: number) => string): Bytes {
  for (let at = 0; at < count; at += 2_000) {
    let text = ''
    for (let i = at; i < Math.min(count, at + 2_000); i++) {
      const one = line(i)
      text += (one.length + 4).toString(16).padStart(4, '0') + one
    }
    yield Buffer.from(text, 'latin1')
  }
}

/** A packet again and again, after a first one. */
export function* endless(head: Buffer, packet: Buffer): Bytes {
  const chunk = Buffer.concat(Array<Buffer>(200).fill(packet))
  yield head
  for (;;) yield chunk
}

/** Lines with ever new ids, after a first packet. */
export function* endlessIds(head: Buffer, before: string, after = ''): Bytes {
  yield head
  yield* batched(Number.POSITIVE_INFINITY, (i) => `${before}${numbered(i + 1)}${after}\n`)
}

/** Protocol v2's capabilities, of so many lines. */
export function* capabilityLines(count: number): Bytes {
  yield pkt('version 2\n')
  yield* batched(count, (i) => `capability-${i}=${'x'.repeat(500)}\n`)
}
