import { ProtocolError } from '../packets/protocol-error.js'

// gitformat-pack, "pack-*.pack files have the following format".

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag'

/** One object of a pack, inflated. A delta names its base by id or by the offset at which that began. */
export type PackEntry =
  | { type: ObjectType; offset: number; data: Buffer }
  | { type: 'ref-delta'; offset: number; data: Buffer; base: string }
  | { type: 'ofs-delta'; offset: number; data: Buffer; base: number }
  /** A tree or blob that is larger than a commit or tag may be: its data was not kept. */
  | { type: 'passed-over'; offset: number; size: number }

/** Bytes of the largest commit or tag: room for a merge of 300,000 parents, or for a message of 16 MiB. */
export const MAX_OBJECT_SIZE = 16 * 1024 * 1024

const TYPES = [undefined, 'commit', 'tree', 'blob', 'tag', undefined, 'ofs-delta', 'ref-delta'] as const
/** Bytes that a size or a distance takes at most, beyond the first: more are damage, and not to be waited for. */
const MAX_NUMBER_BYTES = 7

/** The header before an object's deflated bytes. */
export interface EntryHead {
  type: Exclude<(typeof TYPES)[number], undefined>
  offset: number
  /** Of the object, or of the delta, when inflated. */
  size: number
  /** The delta's, if it is one. */
  base: string | number | undefined
  /** Bytes of the head itself. */
  length: number
}

/** The head at the buffer's start, or undefined where not all of it is here. `offset` is its place in the pack. */
export function parseEntryHead(buffer: Buffer, offset: number, hashBytes: number): EntryHead | undefined {
  const first = buffer[0]
  if (first === undefined) return undefined
  const type = TYPES[(first >> 4) & 7]
  if (!type) throw new ProtocolError('the pack has an object of unknown type')
  let size = first & 15
  let at = 1
  for (let byte = first; byte & 0x80; at++) {
    if (at > MAX_NUMBER_BYTES) throw new ProtocolError('the pack has an object with a malformed size')
    const next = buffer[at]
    if (next === undefined) return undefined
    byte = next
    size += (byte & 0x7f) * 16 * 128 ** (at - 1)
  }
  if (size > MAX_OBJECT_SIZE && (type === 'commit' || type === 'tag'))
    throw new ProtocolError(`the pack has a ${type} of more than ${MAX_OBJECT_SIZE} bytes`)
  if (type === 'ref-delta') {
    if (buffer.length < at + hashBytes) return undefined
    const base = buffer.toString('hex', at, at + hashBytes)
    return { type, offset, size, base, length: at + hashBytes }
  }
  if (type !== 'ofs-delta') return { type, offset, size, base: undefined, length: at }
  const distance = parseDistance(buffer, at)
  return distance && { type, offset, size, base: offset - distance.value, length: distance.end }
}

/** Most significant bits first, each further byte counting from one more. */
function parseDistance(buffer: Buffer, start: number): { value: number; end: number } | undefined {
  let value = -1
  for (let at = start; at < start + MAX_NUMBER_BYTES; at++) {
    const byte = buffer[at]
    if (byte === undefined) return undefined
    value = (value + 1) * 128 + (byte & 0x7f)
    if (!(byte & 0x80)) return { value, end: at + 1 }
  }
  throw new ProtocolError('the pack has a delta with a malformed distance')
}
