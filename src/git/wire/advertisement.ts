import { legible } from '../../runtime/printable.js'
import { Pace } from '../../runtime/yield.js'
import { lineOf, splitLineOf, type TextLine } from '../packets/line.js'
import { PacketReader } from '../packets/packet-reader.js'
import { HEADER_SIZE, MAX_PACKET_SIZE, type Packet, textOf } from '../packets/pkt-line.js'
import { ExcessError, ProtocolError } from '../packets/protocol-error.js'
import { zeroId } from '../refs/object-id.js'
import { Capabilities } from './capabilities.js'
import { RefListing } from './ref-listing.js'

// gitprotocol-http, "Smart Server Response"; gitprotocol-pack, "Reference Discovery"; gitprotocol-v2,
// "Capability Advertisement".

/** The response to `info/refs`: with v2 the capabilities alone, with v0 and v1 the refs too. */
export type Advertisement = { version: 2; capabilities: Capabilities } | RefAdvertisement

export interface RefAdvertisement extends RefListing {
  version: 1
  capabilities: Capabilities
}

/** Bytes of a list of refs, enough for about four million. */
export const MAX_ADVERTISEMENT = 256 * 1024 * 1024
/** Bytes of capabilities: v1 has one packet for them all. */
const MAX_CAPABILITIES = MAX_PACKET_SIZE

/** @throws ProtocolError, or what the stream throws */
export async function readAdvertisement(bytes: AsyncIterable<Buffer>): Promise<Advertisement> {
  const reader = new PacketReader(bytes, MAX_ADVERTISEMENT)
  try {
    const first = await firstLine(reader)
    const advertisement =
      first.type === 'line' && textOf(first.payload) === 'version 2'
        ? await readV2Capabilities(reader)
        : await readRefs(reader, first)
    await reader.finishList()
    return advertisement
  } finally {
    await reader.close()
  }
}

/** Skips `# service=…` with its flush, and a `version 1` line. */
async function firstLine(reader: PacketReader): Promise<Packet> {
  let packet = await reader.nextOrFail('before the first line')
  if (packet.type === 'line' && textOf(packet.payload).startsWith('# service=')) {
    const flush = await reader.nextOrFail('after its service line')
    packet = flush.type === 'flush' ? await reader.nextOrFail('after its service line') : flush
  }
  if (packet.type === 'line' && textOf(packet.payload) === 'version 1') {
    packet = await reader.nextOrFail('after its version line')
  }
  return packet
}

async function readV2Capabilities(reader: PacketReader): Promise<Advertisement> {
  const lines: string[] = []
  for (let bytes = 0; bytes <= MAX_CAPABILITIES; ) {
    const packet = await reader.nextOrFail('among the capabilities')
    if (packet.type === 'flush') return { version: 2, capabilities: new Capabilities(lines) }
    const line = lineOf(packet)
    bytes += line.length + HEADER_SIZE
    lines.push(line)
  }
  throw new ExcessError(`its capabilities are longer than ${MAX_CAPABILITIES} bytes`)
}

async function readRefs(reader: PacketReader, first: Packet): Promise<RefAdvertisement> {
  if (first.type === 'flush') return advertised(new RefListing(), new Capabilities([]))
  const { word, rest } = splitLineOf(first)
  const [name = '', offered = ''] = rest.split('\0', 2)
  const capabilities = Capabilities.parse(offered)
  const format = capabilities.objectFormat
  const listing = new RefListing(format)
  let headId: string | undefined
  const keep = (line: TextLine) => {
    if (line.rest === 'HEAD') headId = line.word
    addLine(listing, line)
  }
  if (name !== NO_REFS || word !== zeroId(format)) keep({ word, rest: name })
  await reader.eachLine('among the refs', keep)
  listing.setHead(symrefOfHead(capabilities) ?? (await guessHead(listing.refs, headId)))
  return advertised(listing, capabilities)
}

/** The name, with the null id, that carries the capabilities of a repository without refs. */
const NO_REFS = 'capabilities^{}'

function advertised(listing: RefListing, capabilities: Capabilities): RefAdvertisement {
  return Object.assign(listing, { version: 1, capabilities } as const)
}

/** `<id> SP <name>`, or `shallow SP <id>`. */
function addLine(listing: RefListing, { word, rest }: TextLine): void {
  if (word === 'shallow') listing.addShallow(rest)
  else if (rest === '') throw new ProtocolError(`expected a ref, got "${legible(word)}"`)
  else if (rest === '.have') listing.addExtraHave(word)
  else if (rest === 'HEAD' || rest.endsWith('^{}')) listing.checkId(rest, word)
  else listing.addRef(rest, word)
}

function symrefOfHead(capabilities: Capabilities): string | undefined {
  const symref = capabilities.all('symref').find((value) => value.startsWith('HEAD:'))
  return symref?.slice('HEAD:'.length)
}

/** Without the symref capability, HEAD is the branch that holds the same object: git's own guess. */
async function guessHead(
  refs: ReadonlyMap<string, string>,
  headId: string | undefined,
): Promise<string | undefined> {
  if (headId === undefined) return undefined
  const usual = ['refs/heads/main', 'refs/heads/master'].find((name) => refs.get(name) === headId)
  if (usual !== undefined) return usual
  const pace = new Pace()
  for (const [name, id] of refs) {
    if (id === headId && name.startsWith('refs/heads/')) return name
    if (pace.spend(0.1)) await pace.turn()
  }
  return undefined
}
