import { lineOf } from './advertisement.js'
import type { Capabilities } from './capabilities.js'
import { chooseV1Capabilities } from './fetch-request.js'
import { keepShallow, readV2Preamble, type ShallowInfo } from './fetch-response.js'
import { commandHead } from './ls-refs.js'
import type { ObjectFormat } from './object-id.js'
import type { PacketReader } from './packet-reader.js'
import { encodePacket, FLUSH_PACKET } from './pkt-line.js'

// An exact test of ancestry by means of gitprotocol-pack's shallow negotiation. We say that we have T without its
// parents and ask for S with a depth no history has: the answer says `unshallow T` exactly if the walk from S
// met T. The largest depth, 2147483647, means infinity to git, and would unshallow everything.
const DEEPEST = 2147483646

/**
 * Over v1 the answer ends after its shallow lines, as no `done` is sent: no pack follows. To git no capability
 * matters here but the object format, so `offered` is left out where v2 was spoken; dulwich insists on some.
 */
export function writeDeepenV1(
  format: ObjectFormat,
  tip: string,
  candidates: readonly string[],
  offered?: Capabilities,
): Buffer {
  const sha256 = format === 'sha1' ? [] : [`object-format=${format}`]
  const chosen = offered ? chooseV1Capabilities(offered, { progress: true }) : sha256
  const packets = [encodePacket(`${['want', tip, ...chosen].join(' ')}\n`)]
  for (const id of candidates) packets.push(encodePacket(`shallow ${id}\n`))
  packets.push(encodePacket(`deepen ${DEEPEST}\n`), FLUSH_PACKET)
  return Buffer.concat(packets)
}

/** Over v2 a pack follows, which is not read; `have` keeps it empty. */
export function writeDeepenV2(
  capabilities: Capabilities,
  tip: string,
  candidates: readonly string[],
): Buffer {
  const packets = commandHead('fetch', capabilities)
  packets.push(encodePacket('no-progress\n'), encodePacket(`want ${tip}\n`), encodePacket(`have ${tip}\n`))
  for (const id of candidates) packets.push(encodePacket(`shallow ${id}\n`))
  packets.push(encodePacket(`deepen ${DEEPEST}\n`), encodePacket('done\n'), FLUSH_PACKET)
  return Buffer.concat(packets)
}

/** Those of `candidates` that the answer names: some servers unshallow every commit that they pass. */
export async function readUnshallowed(
  reader: PacketReader,
  isV2: boolean,
  candidates: readonly string[],
): Promise<Set<string>> {
  const info = isV2 ? await readV2Preamble(reader) : await readShallowLines(reader)
  const unshallow = new Set(info.unshallow)
  return new Set(candidates.filter((id) => unshallow.has(id)))
}

async function readShallowLines(reader: PacketReader): Promise<ShallowInfo> {
  const info: ShallowInfo = { shallow: [], unshallow: [] }
  for (;;) {
    const packet = await reader.nextOrFail('among its shallow lines')
    if (packet.type === 'flush') break
    keepShallow(info, lineOf(packet))
  }
  await reader.finish()
  return info
}
