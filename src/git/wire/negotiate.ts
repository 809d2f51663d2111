import { legible } from '../../runtime/printable.js'
import type { Capabilities } from './capabilities.js'
import { chooseV1Capabilities } from './fetch-request.js'
import { readAcknowledgment } from './fetch-response.js'
import { lineOf } from './line.js'
import type { PacketReader } from './packet-reader.js'
import { encodePacket, FLUSH_PACKET } from './pkt-line.js'
import { ProtocolError } from './protocol-error.js'
import { commandHead } from './v2-command.js'

// gitprotocol-v2, "fetch", and gitprotocol-pack, "Packfile Negotiation": a round without `done`, to learn which
// objects a source has. No pack is read.

export function writeNegotiationV2(
  capabilities: Capabilities,
  want: string,
  haves: readonly string[],
): Buffer {
  const packets = commandHead('fetch', capabilities)
  packets.push(encodePacket('no-progress\n'), encodePacket(`want ${want}\n`))
  for (const id of haves) packets.push(encodePacket(`have ${id}\n`))
  packets.push(FLUSH_PACKET)
  return Buffer.concat(packets)
}

/** Takes a source with `multi_ack_detailed`: what others acknowledge may be more than they have. */
export function writeNegotiationV1(offered: Capabilities, want: string, haves: readonly string[]): Buffer {
  const chosen = chooseV1Capabilities(offered, {})
  const packets = [encodePacket(`${['want', want, ...chosen].join(' ')}\n`), FLUSH_PACKET]
  for (const id of haves) packets.push(encodePacket(`have ${id}\n`))
  packets.push(FLUSH_PACKET)
  return Buffer.concat(packets)
}

/** The ids among `haves` that the source says it has. Where it has heard enough, a pack follows, which is left alone. */
export async function readAcknowledged(
  reader: PacketReader,
  isV2: boolean,
  haves: Iterable<string>,
): Promise<Set<string>> {
  const offered = new Set(haves)
  const acknowledged = new Set<string>()
  if (isV2) {
    const section = lineOf(await reader.nextOrFail('before its acknowledgments'))
    if (section !== 'acknowledgments') throw new ProtocolError(`unknown section "${legible(section)}"`)
  }
  for (let packet = await reader.next(); packet?.type === 'line'; packet = await reader.next()) {
    const acknowledgment = readAcknowledgment(lineOf(packet))
    if (acknowledgment.type === 'nak' && !isV2) break
    if (acknowledgment.type !== 'ack') continue
    const { id, state } = acknowledgment
    if (!offered.has(id)) throw new ProtocolError(`it acknowledges ${id}, which it was not offered`)
    if (isV2 || state === 'common') acknowledged.add(id)
  }
  return acknowledged
}
