import type { Pace } from '../../runtime/yield.js'
import { LargeInflate } from './large-inflate.js'
import { PACK_HEADER_SIZE } from './pack.js'
import { type EntryHead, parseEntryHead } from './pack-entry.js'
import { inflateEntry, SMALL } from './pack-parser.js'

/** How much of a pack its beginning shows. */
export interface PackOutline {
  /** Objects whose heads are in the beginning. */
  objects: number
  /** Bytes of the pack up to the end of the last of them: an estimate where that lies beyond the beginning. */
  bytes: number
}

/**
 * Reads the heads of the objects at the beginning of a pack. A head has the size of its object, so that the end of
 * a large one is known, from how well its first bytes deflate, long before it arrives.
 *
 * @throws ProtocolError for a damaged pack
 */
export async function outlinePack(beginning: Buffer, hashBytes: number, pace: Pace): Promise<PackOutline> {
  let at = PACK_HEADER_SIZE
  for (let objects = 0; ; objects++) {
    const rest = beginning.subarray(at)
    const head = rest.length > hashBytes ? parseEntryHead(rest, at, hashBytes) : undefined
    if (!head) return { objects, bytes: at }
    const whole = head.size <= SMALL ? inflateEntry(rest, head)?.consumed : undefined
    const { bytes, isWhole } =
      whole === undefined ? await deflatedSize(rest, head) : { bytes: whole, isWhole: true }
    at += head.length + bytes
    if (!isWhole) return { objects: objects + 1, bytes: at }
    if (pace.spend(8 + head.size / 500)) await pace.turn()
  }
}

async function deflatedSize(
  rest: Buffer,
  { length, size }: EntryHead,
): Promise<{ bytes: number; isWhole: boolean }> {
  const inflate = new LargeInflate(size, false)
  try {
    const deflated = rest.subarray(length)
    const left = await inflate.write(deflated)
    if (left) return { bytes: deflated.length - left.length, isWhole: true }
    const ratio = Math.min(1, deflated.length / Math.max(1, inflate.made))
    return { bytes: Math.max(deflated.length, Math.round(size * ratio)), isWhole: false }
  } finally {
    inflate.close()
  }
}
