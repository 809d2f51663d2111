import { Capabilities } from './capabilities.js'
import { isObjectId, type ObjectFormat } from './object-id.js'
import { PacketReader } from './packet-reader.js'
import { type Packet, textOf } from './pkt-line.js'
import { ProtocolError, printable } from './protocol-error.js'
import { RefMap } from './ref-map.js'
import { lineOf, splitLineOf, type TextLine } from './text-line.js'

// gitprotocol-http, "Smart Server Response"; gitprotocol-pack, "Reference Discovery"; gitprotocol-v2,
// "Capability Advertisement".

/** What `info/refs` answers: with v2 the capabilities alone, with v0 and v1 the refs too. */
export type Advertisement = { version: 2; capabilities: Capabilities } | RefAdvertisement

export interface RefAdvertisement {
  version: 1
  capabilities: Capabilities
  /** Ref names to object ids, without peeled entries and without HEAD. */
  refs: RefMap<string>
  /** The branch that HEAD names, where that can be told. */
  head: string | undefined
  /** `.have` lines: objects that the repository has without a ref of its own, as a fork does. */
  extraHaves: string[]
  /** Commits whose parents a shallow repository lacks. */
  shallow: string[]
}

/** Bytes of a list of refs: some four million of them. */
export const MAX_ADVERTISEMENT = 256 * 1024 * 1024

/** @throws ProtocolError, or what the stream throws */
export async function readAdvertisement(bytes: AsyncIterable<Buffer>): Promise<Advertisement> {
  const reader = new PacketReader(bytes, MAX_ADVERTISEMENT)
  try {
    const first = await firstLine(reader)
    const advertisement =
      first.type === 'line' && textOf(first.payload) === 'version 2'
        ? await readV2Capabilities(reader)
        : await readRefs(reader, first)
    await reader.finish()
    return advertisement
  } finally {
    await reader.close()
  }
}

export function objectFormatOf(capabilities: Capabilities): ObjectFormat {
  const format = capabilities.get('object-format') ?? 'sha1'
  if (format !== 'sha1' && format !== 'sha256')
    throw new ProtocolError(`unknown object format ${printable(format)}`)
  return format
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
  for (;;) {
    const packet = await reader.nextOrFail('among the capabilities')
    if (packet.type === 'flush') return { version: 2, capabilities: new Capabilities(lines) }
    lines.push(lineOf(packet))
  }
}

async function readRefs(reader: PacketReader, first: Packet): Promise<RefAdvertisement> {
  const found: RefAdvertisement = {
    version: 1,
    capabilities: new Capabilities([]),
    refs: new RefMap(),
    head: undefined,
    extraHaves: [],
    shallow: [],
  }
  if (first.type === 'flush') return found
  let headId: string | undefined
  const keep = (line: TextLine) => {
    if (line.rest === 'HEAD') headId = line.word
    keepLine(found, line)
  }
  const { word, rest } = splitLineOf(first)
  const [name = '', capabilities = ''] = rest.split('\0', 2)
  found.capabilities = Capabilities.parse(capabilities)
  keep({ word, rest: name })
  await reader.eachLine('among the refs', keep)
  found.head = symrefOfHead(found.capabilities) ?? guessHead(found.refs, headId)
  return found
}

/** `<id> SP <name>`, or `shallow SP <id>`. */
function keepLine(found: RefAdvertisement, { word, rest }: TextLine): void {
  if (word === 'shallow' && isObjectId(rest)) found.shallow.push(rest)
  else if (rest === '' || !isObjectId(word))
    throw new ProtocolError(`expected a ref, got "${printable(`${word} ${rest}`)}"`)
  else if (rest === '.have') found.extraHaves.push(word)
  else if (rest !== 'HEAD' && !rest.endsWith('^{}')) found.refs.set(rest, word)
}

function symrefOfHead(capabilities: Capabilities): string | undefined {
  const symref = capabilities.all('symref').find((value) => value.startsWith('HEAD:'))
  return symref?.slice('HEAD:'.length)
}

/** Without the symref capability, HEAD is the branch that holds the same object: git's own guess. */
function guessHead(refs: ReadonlyMap<string, string>, headId: string | undefined): string | undefined {
  if (headId === undefined) return undefined
  const usual = ['refs/heads/main', 'refs/heads/master'].find((name) => refs.get(name) === headId)
  if (usual !== undefined) return usual
  for (const [name, id] of refs) if (id === headId && name.startsWith('refs/heads/')) return name
  return undefined
}
