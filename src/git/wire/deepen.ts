import type { ObjectFormat } from '../refs/object-id.js'
import type { Capabilities } from './capabilities.js'
import { chooseV1Capabilities } from './fetch-request.js'
import { readV2Preamble, type ShallowInfo, ShallowLines } from './fetch-response.js'
import { lineOf } from './line.js'
import type { PacketReader } from './packet-reader.js'
import { encodePacket, FLUSH_PACKET } from './pkt-line.js'
import { commandHead } from './v2-command.js'

// Two questions about a history by means of gitprotocol-pack's shallow negotiation, answered by ids alone.
//
// Is T an ancestor of S? We say that we have T without its parents and ask for S with a depth no history has: the
// answer says `unshallow T` exactly if the walk from S met T.
//
// Which commits are N deep below S? We ask for S with that depth: the answer says `shallow` of each.

export interface Deepening {
  wants: readonly string[]
  /** What we say that we have without its parents. */
  shallow?: readonly string[]
  depth: number
}

/** The largest depth, 2147483647, means infinity to git, and would unshallow everything. */
export const DEEPEST = 2147483646

/**
 * Over v1 the answer ends after its shallow lines, as no `done` is sent: no pack follows. To git no capability
 * matters here but the object format, so `offered` is left out where v2 was spoken; dulwich insists on some.
 */
export function writeDeepenV1(
  format: ObjectFormat,
  { wants, shallow = [], depth }: Deepening,
  offered?: Capabilities,
): Buffer {
  const sha256 = format === 'sha1' ? [] : [`object-format=${format}`]
  let chosen = offered ? chooseV1Capabilities(offered, { progress: true }) : sha256
  const packets: Buffer[] = []
  for (const id of wants) {
    packets.push(encodePacket(`${['want', id, ...chosen].join(' ')}\n`))
    chosen = []
  }
  for (const id of shallow) packets.push(encodePacket(`shallow ${id}\n`))
  packets.push(encodePacket(`deepen ${depth}\n`), FLUSH_PACKET)
  return Buffer.concat(packets)
}

/** Over v2 a pack follows, which is not read; each `have` keeps it empty. */
export function writeDeepenV2(capabilities: Capabilities, { wants, shallow = [], depth }: Deepening): Buffer {
  const packets = commandHead('fetch', capabilities)
  packets.push(encodePacket('no-progress\n'))
  for (const id of wants) packets.push(encodePacket(`want ${id}\n`), encodePacket(`have ${id}\n`))
  for (const id of shallow) packets.push(encodePacket(`shallow ${id}\n`))
  packets.push(encodePacket(`deepen ${depth}\n`), encodePacket('done\n'), FLUSH_PACKET)
  return Buffer.concat(packets)
}

/** The answer's shallow and unshallow lines. @throws ProtocolError where it does not say all */
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
