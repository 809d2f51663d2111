import { AGENT } from '../version.js'
import { MAX_ADVERTISEMENT, objectFormatOf, type RefAdvertisement } from './advertisement.js'
import type { Capabilities } from './capabilities.js'
import { isObjectId } from './object-id.js'
import { PacketReader } from './packet-reader.js'
import { DELIMITER_PACKET, encodePacket, FLUSH_PACKET } from './pkt-line.js'
import { ProtocolError, printable } from './protocol-error.js'
import { RefMap } from './ref-map.js'
import type { TextLine } from './text-line.js'

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
  const list: RefList = { refs: new RefMap(), head: undefined }
  try {
    await reader.eachLine('among the refs', (line) => keepLine(list, line))
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
function keepLine(list: RefList, { word, rest }: TextLine): void {
  const nameEnd = rest.indexOf(' ')
  const name = nameEnd < 0 ? rest : rest.slice(0, nameEnd)
  if (name === '' || (word !== 'unborn' && !isObjectId(word))) {
    throw new ProtocolError(`expected a ref, got "${printable(`${word} ${rest}`)}"`)
  }
  if (name === 'HEAD') {
    const attributes = nameEnd < 0 ? [] : rest.slice(nameEnd + 1).split(' ')
    const symref = attributes.find((attribute) => attribute.startsWith('symref-target:'))
    list.head = symref?.slice('symref-target:'.length)
  } else if (word !== 'unborn') {
    list.refs.set(name, word)
  }
}
