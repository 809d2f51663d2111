import { isObjectId } from './object-id.js'
import type { PacketReader } from './packet-reader.js'
import { HEADER_SIZE, type Packet } from './pkt-line.js'
import { ProtocolError, printable } from './protocol-error.js'
import { lineOf } from './text-line.js'

// gitprotocol-v2, "fetch", output; gitprotocol-pack, "Packfile Negotiation".

/** The `shallow` and `unshallow` lines of an answer. */
export interface ShallowInfo {
  shallow: string[]
  unshallow: string[]
}

/** Reads a v2 answer up to its pack. An empty body is how git's http-backend refuses an argument. */
export async function readV2Preamble(reader: PacketReader): Promise<ShallowInfo> {
  const info: ShallowInfo = { shallow: [], unshallow: [] }
  for (;;) {
    const section = lineOf(await reader.nextOrFail('before its pack'))
    if (section === 'packfile') return info
    if (!KNOWN_SECTIONS.has(section)) throw new ProtocolError(`unknown section "${printable(section)}"`)
    for (
      let packet = await reader.nextOrFail('before its pack');
      ;
      packet = await reader.nextOrFail('before its pack')
    ) {
      if (packet.type === 'delimiter') break
      if (packet.type !== 'line') throw new ProtocolError('the answer has no pack')
      const line = lineOf(packet)
      if (section === 'shallow-info') keepShallow(info, line)
    }
  }
}

/** Reads a v1 answer's `shallow` lines, where we sent some, and its ACK and NAK lines, up to the pack. */
export async function readV1Preamble(reader: PacketReader): Promise<ShallowInfo> {
  const info: ShallowInfo = { shallow: [], unshallow: [] }
  for (;;) {
    const start = await reader.peek(HEADER_SIZE + 1)
    if (start.toString('latin1', 0, HEADER_SIZE) === 'PACK' || isBand(start[HEADER_SIZE])) return info
    const packet = await reader.nextOrFail('before its pack')
    if (packet.type !== 'flush') keepAcknowledgment(info, packet)
  }
}

const KNOWN_SECTIONS = new Set(['acknowledgments', 'shallow-info', 'wanted-refs'])

/** The band number of a side-band packet comes where a line has its first letter. */
function isBand(byte: number | undefined): boolean {
  return byte === 1 || byte === 2 || byte === 3
}

function keepAcknowledgment(info: ShallowInfo, packet: Packet): void {
  const line = lineOf(packet)
  if (line === 'NAK' || line.startsWith('ACK ')) return
  keepShallow(info, line)
}

export function keepShallow(info: ShallowInfo, line: string): void {
  const space = line.indexOf(' ')
  const [word, id] = [line.slice(0, space), line.slice(space + 1)]
  if (word === 'shallow' && isObjectId(id)) info.shallow.push(id)
  else if (word === 'unshallow' && isObjectId(id)) info.unshallow.push(id)
  else throw new ProtocolError(`expected a shallow line, got "${printable(line)}"`)
}
