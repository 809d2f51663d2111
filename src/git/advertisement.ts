import { Capabilities } from './capabilities.js'
import { isObjectId, type ObjectFormat } from './object-id.js'
import { PacketReader } from './packet-reader.js'
import { type Packet, textOf } from './pkt-line.js'
import { ProtocolError, printable, RemoteFatalError } from './protocol-error.js'

// gitprotocol-http, "Smart Server Response"; gitprotocol-pack, "Reference Discovery"; gitprotocol-v2,
// "Capability Advertisement".

/** What `info/refs` answers: with v2 the capabilities alone, with v0 and v1 the refs too. */
export type Advertisement = { version: 2; capabilities: Capabilities } | RefAdvertisement

export interface RefAdvertisement {
  version: 1
  capabilities: Capabilities
  /** Ref names to object ids, without peeled entries and without HEAD. */
  refs: Map<string, string>
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
    refs: new Map(),
    head: undefined,
    extraHaves: [],
    shallow: [],
  }
  let headId: string | undefined
  let isFirst = true
  for (let packet = first; packet.type !== 'flush'; packet = await reader.nextOrFail('among the refs')) {
    let line = lineOf(packet)
    if (isFirst) {
      const nul = line.indexOf('\0')
      if (nul >= 0) found.capabilities = Capabilities.parse(line.slice(nul + 1))
      line = nul >= 0 ? line.slice(0, nul) : line
      isFirst = false
    }
    const { id, name } = splitRefLine(line)
    if (name === 'HEAD') headId = id
    else if (id === 'shallow') found.shallow.push(name)
    else keepRef(found, id, name)
  }
  found.head = symrefOfHead(found.capabilities) ?? guessHead(found.refs, headId)
  return found
}

function keepRef(found: RefAdvertisement, id: string, name: string): void {
  if (name.endsWith('^{}')) return
  if (name === '.have') found.extraHaves.push(id)
  else found.refs.set(name, id)
}

/** `<id> SP <name>`, or `shallow SP <id>`. */
function splitRefLine(line: string): { id: string; name: string } {
  const space = line.indexOf(' ')
  const [left, right] = [line.slice(0, space), line.slice(space + 1)]
  if (left === 'shallow' && isObjectId(right)) return { id: left, name: right }
  if (right === '' || space < 0 || !isObjectId(left))
    throw new ProtocolError(`expected a ref, got "${printable(line)}"`)
  return { id: left, name: right }
}

/** A data packet's text. `ERR` lines and control packets are errors here. */
export function lineOf(packet: Packet): string {
  if (packet.type !== 'line') throw new ProtocolError(`unexpected ${packet.type} packet`)
  const line = textOf(packet.payload)
  if (line.startsWith('ERR ')) throw new RemoteFatalError(line.slice(4))
  return line
}

function symrefOfHead(capabilities: Capabilities): string | undefined {
  const symref = capabilities.all('symref').find((value) => value.startsWith('HEAD:'))
  return symref?.slice('HEAD:'.length)
}

/** Without the symref capability, HEAD is the branch that holds the same object: git's own guess. */
function guessHead(refs: Map<string, string>, headId: string | undefined): string | undefined {
  if (headId === undefined) return undefined
  const usual = ['refs/heads/main', 'refs/heads/master'].find((name) => refs.get(name) === headId)
  if (usual !== undefined) return usual
  for (const [name, id] of refs) if (id === headId && name.startsWith('refs/heads/')) return name
  return undefined
}
