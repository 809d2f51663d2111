import { AGENT } from '../../version.js'
import { DELIMITER_PACKET, encodePacket } from '../packets/pkt-line.js'
import type { Capabilities } from './capabilities.js'

// gitprotocol-v2, "Command Request".

/** The lines that begin every v2 command. */
export function commandHead(command: string, capabilities: Capabilities): Buffer[] {
  const packets = [encodePacket(`command=${command}\n`)]
  if (capabilities.has('agent')) packets.push(encodePacket(`agent=${AGENT}\n`))
  if (capabilities.has('object-format')) {
    packets.push(encodePacket(`object-format=${capabilities.objectFormat}\n`))
  }
  packets.push(DELIMITER_PACKET)
  return packets
}
