import { AGENT } from '../version.js'
import { lineOf, MAX_ADVERTISEMENT, objectFormatOf, type RefAdvertisement } from './advertisement.js'
import type { Capabilities } from './capabilities.js'
import { isObjectId } from './object-id.js'
import { PacketReader } from './packet-reader.js'
import { DELIMITER_PACKET, encodePacket, FLUSH_PACKET } from './pkt-line.js'
import { ProtocolError, printable } from './protocol-error.js'

// gitprotocol-v2, "ls-refs".

export type RefList = Pick<RefAdvertisement, 'refs' | 'head'>

/** Asks for the refs below `prefixes`. A server may answer with more: they are hints. */
export function writeLsRefs(capabilities: Capabilities, prefixes: readonly string[]): Buffer {
  const packets = commandHead('ls-refs', capabilities)
  packets.push(encodePacket('symrefs\n'))
  if (capabilities.hasFeature('ls-refs', 'unborn')) packets.push(encodePacket('unborn\n'))
  for (const prefix of prefixes) packets.push(encodePacket(`ref-prefix ${prefix}\n`))
  packets.push(FLUSH_PACKET)
  return Buffer.concat(packets)
}

/** Reads the refs as they stream. @throws ProtocolError, or what the stream throws */
export async function readLsRefs(bytes: AsyncIterable<Buffer>): Promise<RefList> {
  const reader = new PacketReader(bytes, MAX_ADVERTISEMENT)
  const list: RefList = { refs: new Map(), head: undefined }
  try {
    for (;;) {
      const packet = await reader.nextOrFail('among the refs')
      if (packet.type === 'flush') break
      keepLine(list, lineOf(packet))
    }
    await reader.finish()
    return list
  } finally {
    await reader.close()
  }
}

/** The lines that begin every v2 command. */
export function commandHead(command: string, capabilities: Capabilities): Buffer[] {
  const packets = [encodePacket(`command=${command}\n`)]
  if (capabilities.has('agent')) packets.push(encodePacket(`agent=${AGENT}\n`))
  if (capabilities.has('object-format')) {
    packets.push(encodePacket(`object-format=${objectFormatOf(capabilities)}\n`))
  }
  packets.push(DELIMITER_PACKET)
  return packets
}

/** `<id> SP <name> *(SP <attribute>)`; the id of an unborn HEAD is the word `unborn`. */
function keepLine(list: RefList, line: string): void {
  const space = line.indexOf(' ')
  const nameEnd = line.indexOf(' ', space + 1)
  const id = line.slice(0, Math.max(0, space))
  const name = line.slice(space + 1, nameEnd < 0 ? line.length : nameEnd)
  if (name === '' || (id !== 'unborn' && !isObjectId(id))) {
    throw new ProtocolError(`expected a ref, got "${printable(line)}"`)
  }
  if (name === 'HEAD') {
    const attributes = nameEnd < 0 ? [] : line.slice(nameEnd + 1).split(' ')
    const symref = attributes.find((attribute) => attribute.startsWith('symref-target:'))
    list.head = symref?.slice('symref-target:'.length)
  } else if (id !== 'unborn') {
    list.refs.set(name, id)
  }
}
