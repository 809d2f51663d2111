import { lineOf } from '../packets/line.js'
import type { PacketReader } from '../packets/packet-reader.js'
import type { ObjectFormat } from '../refs/object-id.js'
import { Capabilities } from './capabilities.js'
import type { FetchRequest } from './fetch-request.js'
import { readV2Preamble, type ShallowInfo, ShallowLines } from './fetch-response.js'

// Two questions about a history that gitprotocol-pack's shallow negotiation decides with ids alone.
//
// Is T an ancestor of S? We say that we have T without its parents and ask for S with a depth no history has: the
// response says `unshallow T` exactly if the walk from S met T.
//
// Which commits are N deep below S? We ask for S with that depth: the response says `shallow` of each.

export interface Deepening {
  wants: readonly string[]
  /** Commits that we claim to have without their parents. */
  shallow?: readonly string[]
  depth: number
}

/** The largest depth, 2147483647, means infinity to git, and would unshallow everything. */
export const DEEPEST = 2147483646

/**
 * The fetch that asks the question. Without `done`, a v1 response ends after its shallow lines. Over v2 a pack follows,
 * which is not read.
 */
export function deepenRequest(question: Deepening, isV2: boolean): FetchRequest {
  const request = { ...question, haves: [] }
  return isV2 ? { ...request, emptyPack: true } : { ...request, progress: true, end: 'nothing' }
}

/** The capabilities to assume of a server whose v1 capabilities were not listed: git needs only the object format here. */
export function assumedCapabilities(format: ObjectFormat): Capabilities {
  return new Capabilities(format === 'sha1' ? [] : [`object-format=${format}`])
}

/** Reads the shallow and unshallow lines of a response. @throws ProtocolError for an incomplete one */
export async function readDeepened(
  reader: PacketReader,
  isV2: boolean,
  info = new ShallowLines(),
): Promise<ShallowInfo> {
  if (isV2) return readV2Preamble(reader, info)
  for (;;) {
    const packet = await reader.nextOrFail('among its shallow lines')
    if (packet.type === 'flush') break
    info.keep(lineOf(packet))
  }
  await reader.finish()
  return info
}
