import { legible } from '../../runtime/printable.js'
import { lineOf } from '../packets/line.js'
import type { PacketReader } from '../packets/packet-reader.js'
import { ProtocolError } from '../packets/protocol-error.js'
import { isObjectId } from '../refs/object-id.js'

// gitprotocol-v2, "fetch", and gitprotocol-pack, "Packfile Negotiation".

export type Acknowledgment = { type: 'ack'; id: string; state: string } | { type: 'nak' } | { type: 'ready' }

/** `ACK SP <id> [SP <state>]`, `NAK`, and in v2 `ready`. */
export function readAcknowledgment(line: string): Acknowledgment {
  const [word, id = '', state = '', ...more] = line.split(' ')
  if (word === 'ACK' && isObjectId(id) && more.length === 0) return { type: 'ack', id, state }
  if (line === 'NAK') return { type: 'nak' }
  if (line === 'ready') return { type: 'ready' }
  throw new ProtocolError(`expected an acknowledgment, got "${legible(line)}"`)
}

/** Reads which of `haves` the source says it has. A source that is `ready` goes on with a pack, which is not read. */
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
