import { AGENT } from '../../version.js'
import type { Capabilities } from './capabilities.js'
import { encodePacket, FLUSH_PACKET } from './pkt-line.js'
import { commandHead } from './v2-command.js'

// gitprotocol-v2, "fetch"; gitprotocol-pack, "Packfile Negotiation".

export interface FetchRequest {
  wants: readonly string[]
  /** Objects that the receiver has, with all that they reach. */
  haves: readonly string[]
  /** Commits that a shallow receiver has without their parents. */
  shallow?: readonly string[]
  /** The receiver completes a thin pack, whose delta bases it has already. */
  thin?: boolean
  /** The receiver takes deltas that name their base by offset. */
  ofsDelta?: boolean
  /** Ask for progress text. */
  progress?: boolean
  /** How many commits deep the history goes that is sent; without it, all of it. */
  depth?: number
  /** Which objects to leave out, as with `tree:0` all but commits and tags. */
  filter?: string
}

/**
 * One request is all there is: a relay cannot answer acknowledgments, so every want and have goes out with
 * `done`. `include-tag` is never asked for: the plan alone says what moves.
 */
export function writeFetchV2(capabilities: Capabilities, request: FetchRequest): Buffer {
  const packets = commandHead('fetch', capabilities)
  if (request.thin) packets.push(encodePacket('thin-pack\n'))
  if (request.ofsDelta) packets.push(encodePacket('ofs-delta\n'))
  if (!request.progress) packets.push(encodePacket('no-progress\n'))
  for (const id of new Set(request.wants)) packets.push(encodePacket(`want ${id}\n`))
  for (const id of request.shallow ?? []) packets.push(encodePacket(`shallow ${id}\n`))
  if (request.depth) packets.push(encodePacket(`deepen ${request.depth}\n`))
  if (request.filter) packets.push(encodePacket(`filter ${request.filter}\n`))
  for (const id of request.haves) packets.push(encodePacket(`have ${id}\n`))
  packets.push(encodePacket('done\n'), FLUSH_PACKET)
  return Buffer.concat(packets)
}

export function writeFetchV1(capabilities: Capabilities, request: FetchRequest): Buffer {
  const packets: Buffer[] = []
  let chosen = chooseV1Capabilities(capabilities, request)
  for (const id of new Set(request.wants)) {
    packets.push(encodePacket(`${['want', id, ...chosen].join(' ')}\n`))
    chosen = []
  }
  for (const id of request.shallow ?? []) packets.push(encodePacket(`shallow ${id}\n`))
  if (request.depth) packets.push(encodePacket(`deepen ${request.depth}\n`))
  if (request.filter) packets.push(encodePacket(`filter ${request.filter}\n`))
  packets.push(FLUSH_PACKET)
  for (const id of request.haves) packets.push(encodePacket(`have ${id}\n`))
  packets.push(encodePacket('done\n'))
  return Buffer.concat(packets)
}

/**
 * Of what is offered, what is needed; never what was not offered. dulwich, which in most versions does not name
 * itself, insists on some that are not needed.
 */
export function chooseV1Capabilities(
  offered: Capabilities,
  request: Pick<FetchRequest, 'thin' | 'ofsDelta' | 'progress' | 'filter'>,
): string[] {
  const mayBeDulwich = offered.get('agent')?.startsWith('dulwich') ?? true
  const first = (...names: string[]) => names.find((name) => offered.has(name))
  const wished = [
    // Some hosts insist on it, although one request needs no negotiation.
    first('multi_ack_detailed', 'multi_ack'),
    first('side-band-64k', 'side-band'),
    request.thin || mayBeDulwich ? first('thin-pack') : undefined,
    request.ofsDelta || mayBeDulwich ? first('ofs-delta') : undefined,
    request.progress ? undefined : first('no-progress'),
    request.filter ? first('filter') : undefined,
    offered.has('object-format') ? `object-format=${offered.objectFormat}` : undefined,
    offered.has('agent') ? `agent=${AGENT}` : undefined,
  ]
  return wished.filter((name) => name !== undefined)
}
