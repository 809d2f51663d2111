import { legible } from '../../runtime/printable.js'
import type { TextLine } from '../packets/line.js'
import { PacketReader } from '../packets/packet-reader.js'
import { encodePacket, FLUSH_PACKET } from '../packets/pkt-line.js'
import { ProtocolError } from '../packets/protocol-error.js'
import type { ObjectFormat } from '../refs/object-id.js'
import { MAX_ADVERTISEMENT } from './advertisement.js'
import type { Capabilities } from './capabilities.js'
import { RefListing } from './ref-listing.js'
import { commandHead } from './v2-command.js'

// gitprotocol-v2, "ls-refs".

/** Asks for the refs below `prefixes`. They are hints: a server may list more. */
export function writeLsRefs(capabilities: Capabilities, prefixes: readonly string[]): Buffer {
  const packets = commandHead('ls-refs', capabilities)
  packets.push(encodePacket('symrefs\n'))
  if (capabilities.hasFeature('ls-refs', 'unborn')) packets.push(encodePacket('unborn\n'))
  for (const prefix of prefixes) packets.push(encodePacket(`ref-prefix ${prefix}\n`))
  packets.push(FLUSH_PACKET)
  return Buffer.concat(packets)
}

/** Reads the refs as they stream. @throws ProtocolError, or what the stream throws */
export async function readLsRefs(bytes: AsyncIterable<Buffer>, format?: ObjectFormat): Promise<RefListing> {
  const reader = new PacketReader(bytes, MAX_ADVERTISEMENT)
  const listing = new RefListing(format)
  try {
    await reader.eachLine('among the refs', (line) => addLine(listing, line))
    await reader.finishList()
    return listing
  } finally {
    await reader.close()
  }
}

/** `<id> SP <name> *(SP <attribute>)`; the id of an unborn HEAD is the word `unborn`. */
function addLine(listing: RefListing, { word, rest }: TextLine): void {
  const [name = '', ...attributes] = rest.includes(' ') ? rest.split(' ') : [rest]
  // A name with a space is not valid, and must not be mistaken for the part before the space.
  if (name === '' || attributes.some((attribute) => !attribute.includes(':')))
    throw new ProtocolError(`expected a ref, got "${legible(`${word} ${rest}`)}"`)
  if (name !== 'HEAD') {
    listing.addRef(name, word)
    return
  }
  if (word !== 'unborn') listing.checkId(name, word)
  const symref = attributes.find((attribute) => attribute.startsWith('symref-target:'))
  listing.setHead(symref?.slice('symref-target:'.length))
}
