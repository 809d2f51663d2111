import { createHash, hash } from 'node:crypto'
import type { Pace } from '../../runtime/yield.js'
import { ProtocolError } from '../packets/protocol-error.js'
import { isObjectId, type ObjectFormat } from '../refs/object-id.js'
import type { ObjectType } from './pack-entry.js'

// gitformat: a commit's head is its "tree" line and one "parent" line for each parent; a tag's begins with "object".

export interface Commit {
  id: string
  parents: string[]
}

/** The links of a history. */
export type HistoryObject = ({ type: 'commit' } & Commit) | { type: 'tag'; id: string; target: string }

/** An object without its name. */
export interface WholeObject {
  type: ObjectType
  data: Buffer
}

/** Bytes that are hashed at once. */
const SLICE = 256 * 1024
const BYTES_PER_MICROSECOND = 500
const MICROSECONDS_PER_OBJECT = 3
const PARENT = 'parent '
const LINE_FEED = 10

/** An object's id, which its contents make: nobody has to be believed. */
export async function idOf({ type, data }: WholeObject, format: ObjectFormat, pace: Pace): Promise<string> {
  const head = Buffer.from(`${type} ${data.length}\0`)
  if (pace.spend(MICROSECONDS_PER_OBJECT)) await pace.turn()
  if (data.length <= SLICE) return hash(format, Buffer.concat([head, data]))
  const hashing = createHash(format).update(head)
  for (let at = 0; at < data.length; at += SLICE) {
    hashing.update(data.subarray(at, at + SLICE))
    if (pace.spend(SLICE / BYTES_PER_MICROSECOND)) await pace.turn()
  }
  return hashing.digest('hex')
}

/** What a commit or tag refers to; undefined for another object. @throws ProtocolError */
export async function parseHistoryObject(
  { type, data }: WholeObject,
  id: string,
  pace: Pace,
): Promise<HistoryObject | undefined> {
  if (type === 'commit') return { type, id, parents: await parentsOf(data, id.length, pace) }
  if (type === 'tag') return { type, id, target: headerId(data, 0, 'object ', id.length) ?? malformed(type) }
  return undefined
}

/** The `parent` lines of a commit's head, which follow its `tree` line. */
async function parentsOf(commit: Buffer, idLength: number, pace: Pace): Promise<string[]> {
  const parents: string[] = []
  let line = commit.indexOf('\n') + 1
  while (commit.toString('latin1', line, line + PARENT.length) === PARENT) {
    parents.push(headerId(commit, line, PARENT, idLength) ?? malformed('commit'))
    line += PARENT.length + idLength + 1
    if (pace.spend()) await pace.turn()
  }
  return parents
}

/** The id on a line of an object's head that begins with `name`. */
function headerId(object: Buffer, line: number, name: string, idLength: number): string | undefined {
  const at = line + name.length
  const id = object.toString('latin1', at, at + idLength)
  return isObjectId(id) && object[at + idLength] === LINE_FEED ? id : undefined
}

function malformed(type: string): never {
  throw new ProtocolError(`the pack has a malformed ${type}`)
}
