import { legible } from '../../runtime/printable.js'
import { lineOf } from '../packets/line.js'
import type { PacketReader } from '../packets/packet-reader.js'
import { HEADER_SIZE, type Packet } from '../packets/pkt-line.js'
import { ExcessError, ProtocolError } from '../packets/protocol-error.js'
import { isObjectId, type ObjectFormat } from '../refs/object-id.js'
import { readAcknowledgment } from './acknowledgments.js'

// gitprotocol-v2, "fetch", output; gitprotocol-pack, "Packfile Negotiation".

/** The `shallow` and `unshallow` lines of a response. */
export interface ShallowInfo {
  shallow: string[]
  unshallow: string[]
}

/** Our questions have a few thousand edges at most; each may become a want or a have. */
const MAX_EDGES = 100_000

export interface ShallowOptions {
  format?: ObjectFormat
  /** The only ids of interest: some servers name every commit that they pass. */
  among?: ReadonlySet<string>
}

/** Gathers the lines of a response, which may be endless. */
export class ShallowLines implements ShallowInfo {
  readonly shallow: string[] = []
  readonly unshallow: string[] = []
  readonly #options: ShallowOptions

  constructor(options: ShallowOptions = {}) {
    this.#options = options
  }

  keep(line: string): void {
    const space = line.indexOf(' ')
    const [word, id] = [line.slice(0, space), line.slice(space + 1)]
    const { format, among } = this.#options
    if ((word !== 'shallow' && word !== 'unshallow') || !isObjectId(id, format))
      throw new ProtocolError(`expected a shallow line, got "${legible(line)}"`)
    if (among && !among.has(id)) return
    if (this[word].length === MAX_EDGES)
      throw new ExcessError(`it sends more than ${MAX_EDGES} ${word} lines`)
    this[word].push(id)
  }
}

/** Reads a v2 response up to its pack. git's http-backend refuses an argument with an empty body. */
export async function readV2Preamble(reader: PacketReader, info = new ShallowLines()): Promise<ShallowInfo> {
  for (;;) {
    const section = lineOf(await reader.nextOrFail('before its pack'))
    if (section === 'packfile') return info
    if (!KNOWN_SECTIONS.has(section)) throw new ProtocolError(`unknown section "${legible(section)}"`)
    for (
      let packet = await reader.nextOrFail('before its pack');
      ;
      packet = await reader.nextOrFail('before its pack')
    ) {
      if (packet.type === 'delimiter') break
      if (packet.type !== 'line') throw new ProtocolError('the response has no pack')
      const line = lineOf(packet)
      if (section === 'shallow-info') info.keep(line)
      else if (section === 'acknowledgments') readAcknowledgment(line)
    }
  }
}

/** Reads a v1 response's `shallow` lines, if we sent some, and its ACK and NAK lines, up to the pack. */
export async function readV1Preamble(reader: PacketReader, info = new ShallowLines()): Promise<ShallowInfo> {
  for (;;) {
    const start = await reader.peek(HEADER_SIZE + 1)
    if (start.toString('latin1', 0, HEADER_SIZE) === 'PACK' || isBand(start[HEADER_SIZE])) return info
    const packet = await reader.nextOrFail('before its pack')
    if (packet.type !== 'flush') addAcknowledgment(info, packet)
  }
}

const KNOWN_SECTIONS = new Set(['acknowledgments', 'shallow-info', 'wanted-refs'])

/** A side-band packet has its band number where a line has its first letter. */
function isBand(byte: number | undefined): boolean {
  return byte === 1 || byte === 2 || byte === 3
}

function addAcknowledgment(info: ShallowLines, packet: Packet): void {
  const line = lineOf(packet)
  if (line.startsWith('shallow ') || line.startsWith('unshallow ')) info.keep(line)
  else readAcknowledgment(line)
}
