import { AGENT } from '../../version.js'
import { encodePacket, FLUSH_PACKET } from '../packets/pkt-line.js'
import type { Capabilities } from './capabilities.js'
import { commandHead } from './v2-command.js'

// gitprotocol-v2, "fetch"; gitprotocol-pack, "Packfile Negotiation".

export interface FetchRequest {
  wants: readonly string[]
  /** Objects that the receiver has, with all that they reach. */
  haves: readonly string[]
  /** Commits that a shallow receiver has without their parents. */
  shallow?: readonly string[]
  /** The receiver completes a thin pack, whose delta bases it has already. */
  thin?: boolean
  /** The receiver accepts deltas that name their base by offset. */
  ofsDelta?: boolean
  /** Ask for progress text. */
  progress?: boolean
  /** How many commits deep the history goes that is sent; without it, all of it. */
  depth?: number
  /** Which objects to leave out, as with `tree:0` all but commits and tags. */
  filter?: string
  /** Over v2: offer each want as a have too, so that the pack is empty. */
  emptyPack?: boolean
  /**
   * `done`, the default, asks for the pack. `flush` ends a round of negotiation, whose response begins with
   * acknowledgments. `nothing`, over v1 alone, asks for no more than the shallow lines.
   */
  end?: 'done' | 'flush' | 'nothing'
}

/**
 * A relay cannot react to acknowledgments, so a fetch is one request: all wants and haves, with `done`. `include-tag`
 * is never asked for, as the plan alone decides which refs move.
 */
export function writeFetchV2(capabilities: Capabilities, request: FetchRequest): Buffer {
  return Buffer.concat([...packetsV2(capabilities, request)])
}

export function writeFetchV1(capabilities: Capabilities, request: FetchRequest): Buffer {
  return Buffer.concat([...packetsV1(capabilities, request)])
}

function* packetsV2(capabilities: Capabilities, request: FetchRequest): Generator<Buffer> {
  const { wants, thin, ofsDelta, progress, emptyPack, end = 'done' } = request
  yield* commandHead('fetch', capabilities)
  if (thin) yield encodePacket('thin-pack\n')
  if (ofsDelta) yield encodePacket('ofs-delta\n')
  if (!progress) yield encodePacket('no-progress\n')
  for (const id of new Set(wants)) {
    yield encodePacket(`want ${id}\n`)
    if (emptyPack) yield encodePacket(`have ${id}\n`)
  }
  yield* limits(request)
  yield* haves(request)
  if (end === 'done') yield encodePacket('done\n')
  yield FLUSH_PACKET
}

/** The first want carries the capabilities. */
function* packetsV1(capabilities: Capabilities, request: FetchRequest): Generator<Buffer> {
  const { wants, end = 'done' } = request
  let chosen = chooseV1Capabilities(capabilities, request)
  for (const id of new Set(wants)) {
    yield encodePacket(`${['want', id, ...chosen].join(' ')}\n`)
    chosen = []
  }
  yield* limits(request)
  yield FLUSH_PACKET
  yield* haves(request)
  if (end === 'done') yield encodePacket('done\n')
  if (end === 'flush') yield FLUSH_PACKET
}

/** Bounds how much of the history is sent. */
function* limits({ shallow = [], depth, filter }: FetchRequest): Generator<Buffer> {
  for (const id of shallow) yield encodePacket(`shallow ${id}\n`)
  if (depth) yield encodePacket(`deepen ${depth}\n`)
  if (filter) yield encodePacket(`filter ${filter}\n`)
}

function* haves(request: FetchRequest): Generator<Buffer> {
  for (const id of request.haves) yield encodePacket(`have ${id}\n`)
}

/**
 * Chooses what is needed of what is offered, and nothing else. dulwich, which in most versions does not name itself,
 * insists on some that are not needed.
 */
function chooseV1Capabilities(offered: Capabilities, request: FetchRequest): string[] {
  const mayBeDulwich = offered.get('agent')?.startsWith('dulwich') ?? true
  const first = (...names: string[]) => names.find((name) => offered.has(name))
  const wished = [
    // Some hosts insist on it, although one request needs no negotiation.
    first('multi_ack_detailed', 'multi_ack'),
    first('side-band-64k', 'side-band'),
    request.thin || mayBeDulwich ? first('thin-pack') : undefined,
    request.ofsDelta || mayBeDulwich ? first('ofs-delta') : undefined,
    request.progress ? undefined : first('no-progress'),
    request.filter ? first('filter') : undefined,
    offered.has('object-format') ? `object-format=${offered.objectFormat}` : undefined,
    offered.has('agent') ? `agent=${AGENT}` : undefined,
  ]
  return wished.filter((name) => name !== undefined)
}
