import type { ProtocolMode } from '../../schemas/request.js'
import type { Protocol } from '../../schemas/result.js'
import { GitSyncError } from '../errors.js'
import type { Sample } from '../runtime/sample.js'
import { setting, worded } from '../wording.js'
import { deepen, VERSION_2 } from './deepen.js'
import { type SmartHttp, UPLOAD_PACK } from './http/smart-http.js'
import { type HistoryObject, type Interest, readHistory, readObjects } from './pack/history.js'
import { openPackStream, type PackStream, wrapPack } from './pack/pack-stream.js'
import { PacketReader } from './packets/packet-reader.js'
import { asRefusedWant, RefusedWantError, RemoteFatalError } from './packets/protocol-error.js'
import type { TextSink } from './packets/side-band-stream.js'
import type { ObjectFormat } from './refs/object-id.js'
import { readAcknowledged } from './wire/acknowledgments.js'
import { readAdvertisement } from './wire/advertisement.js'
import type { Capabilities } from './wire/capabilities.js'
import { type FetchRequest, writeFetchV1, writeFetchV2 } from './wire/fetch-request.js'
import { readV1Preamble, readV2Preamble, type ShallowInfo, ShallowLines } from './wire/fetch-response.js'
import { DEEPEST, type Deepening } from './wire/history-question.js'
import { readLsRefs, writeLsRefs } from './wire/ls-refs.js'

/** Bytes before a pack: two lines for each have that fits into a request, and some for shallow commits. */
const MAX_PREAMBLE = 16 * 1024 * 1024
const IS_GIT = /^git\//
// Since git 2.32; no capability says so.
const KNOWS_OBJECT_TYPE = /^git\/(?:2\.(?:3[2-9]|[4-9]\d)|[3-9])\./

export interface ObjectsOptions {
  /** Names the requests in the statistics. */
  step: string
  /** Deltas were passed over. */
  onLost: () => void
  /** May wrap each pack that this takes. */
  counting?: (pack: PackStream) => PackStream
}

/** The source of a run: its refs as they were listed, and the calls that read objects and ancestry from it. */
export class UploadPack {
  readonly #http: SmartHttp
  readonly #mode: ProtocolMode
  readonly protocol: Protocol
  readonly capabilities: Capabilities
  readonly objectFormat: ObjectFormat
  readonly refs: ReadonlyMap<string, string>
  /** The branch that HEAD names, as a full ref name; it may not exist. */
  readonly head: string | undefined
  /** Listed names that are not valid ref names. */
  readonly invalidNames: Sample

  private constructor(http: SmartHttp, mode: ProtocolMode, found: Found) {
    this.#http = http
    this.#mode = mode
    this.protocol = found.protocol
    this.capabilities = found.capabilities
    this.objectFormat = found.capabilities.objectFormat
    this.refs = found.refs
    this.head = found.head
    this.invalidNames = found.invalidNames
  }

  /**
   * Lists the refs: two requests with protocol v2, one with v1. `prefixes` are hints, so more may be listed.
   *
   * @throws GitSyncError `unsupported` where v2 is forced but absent, or the source is shallow
   */
  static async open(http: SmartHttp, mode: ProtocolMode, prefixes: readonly string[]): Promise<UploadPack> {
    try {
      const found = await list(http, mode, prefixes)
      return new UploadPack(http, mode, found)
    } catch (error) {
      throw http.toRemoteError(error)
    }
  }

  /**
   * One fetch. It resolves when the pack's header has arrived; the stream must be read to its end or returned.
   *
   * @throws GitSyncError `source_protocol_error`, also for a refused want; `unsupported` for a shallow source,
   *   or a shallow receiver that it cannot serve
   */
  async fetch(request: FetchRequest, statsLabel: string, onText: TextSink): Promise<PackStream> {
    if (request.shallow?.length && !this.canDeepen) {
      throw new GitSyncError(
        'unsupported',
        'The target is shallow, and the source cannot serve a shallow one.',
      )
    }
    const isV2 = this.protocol === 'v2'
    const body = (isV2 ? writeFetchV2 : writeFetchV1)(this.capabilities, request)
    const counted = this.#http.traffic.item(this.#http.side, UPLOAD_PACK, statsLabel)
    counted.wants += request.wants.length
    counted.haves += request.haves.length
    const reader = await this.#call(statsLabel, body, isV2)
    try {
      const lines = new ShallowLines({ format: this.objectFormat })
      const { shallow } = await (isV2 ? readV2Preamble : readV1Preamble)(reader, lines)
      const known = new Set(request.shallow)
      const isCut = shallow.some((id) => !known.has(id))
      if (isCut && request.depth === undefined) throw shallowSource(this.#http)
      const pack = await openPackStream(reader, onText)
      return wrapPack(pack, { error: (error) => this.#http.toRemoteError(error) })
    } catch (error) {
      await reader.close()
      const isFatal = error instanceof RemoteFatalError
      throw this.#http.toRemoteError(isFatal ? asRefusedWant(error, request.wants) : error)
    }
  }

  /**
   * The commits and tags that `wants` reach and `haves` do not, a few at a time, by a fetch without trees and blobs.
   * `counting` may wrap each pack that is read for it.
   *
   * @throws as `fetch` does; `source_protocol_error` for a damaged pack
   */
  async *history(
    { wants, haves, shallow = [] }: Pick<FetchRequest, 'wants' | 'haves' | 'shallow'>,
    statsLabel: string,
    counting = (pack: PackStream) => pack,
  ): AsyncGenerator<HistoryObject[]> {
    const fetch = async (request: FetchRequest) =>
      counting(await this.fetch({ ...request, filter: 'tree:0', ofsDelta: true }, statsLabel, () => {}))
    const fetchObjects = (ids: readonly string[]) => fetch({ wants: ids, haves: [], depth: 1 })
    const { signal } = this.#http
    try {
      yield* readHistory(await fetch({ wants, haves, shallow }), this.objectFormat, fetchObjects, signal)
    } catch (error) {
      throw this.#http.toRemoteError(error)
    }
  }

  /**
   * Reads the objects that `request` asks for, and gives what `interest` finds in them, a few at a time. If the source does not serve objects
   * by their id, deltas whose base is no longer in memory are passed over, and `onLost` is called.
   *
   * @throws as `history` does; what `fetch` throws, before anything is given
   */
  async *objects<T>(
    request: Pick<FetchRequest, 'wants' | 'haves' | 'shallow' | 'filter'>,
    interest: Interest<T>,
    { step, onLost, counting = (pack) => pack }: ObjectsOptions,
  ): AsyncGenerator<T[]> {
    const silent = () => {}
    const fetchObjects = async (ids: readonly string[]) => {
      try {
        return counting(await this.fetch({ wants: ids, haves: [], depth: 1, ofsDelta: true }, step, silent))
      } catch (error) {
        if (!(error instanceof GitSyncError) || !(error.cause instanceof RefusedWantError)) throw error
        onLost()
        return undefined
      }
    }
    const { signal } = this.#http
    try {
      const pack = counting(await this.fetch({ ...request, ofsDelta: true }, step, silent))
      yield* readObjects(pack, { format: this.objectFormat, fetchObjects, signal }, interest)
    } catch (error) {
      throw this.#http.toRemoteError(error)
    }
  }

  /** Whether `unshallowed` and `commitsAt` can be asked, and shallow receivers are served. */
  get canDeepen(): boolean {
    return this.protocol === 'v2'
      ? this.capabilities.hasFeature('fetch', 'shallow')
      : this.capabilities.has('shallow')
  }

  /** Whether `fetch` may ask for a filter. */
  get canFilter(): boolean {
    return this.protocol === 'v2'
      ? this.capabilities.hasFeature('fetch', 'filter')
      : this.capabilities.has('filter')
  }

  /** Whether a filter may name a type of objects, as `object:type=blob`. */
  get canFilterByType(): boolean {
    return this.canFilter && KNOWS_OBJECT_TYPE.test(this.capabilities.get('agent') ?? '')
  }

  /** Whether every object that it has may be wanted, and it reports one that it lacks: git over v2. */
  get servesAnyObject(): boolean {
    return this.protocol === 'v2' && IS_GIT.test(this.capabilities.get('agent') ?? '')
  }

  /** The filter that leaves out the most of what was not asked for by id: commits too, if the source's git can. */
  get minimalFilter(): Pick<FetchRequest, 'filter'> {
    if (!this.canFilter) return {}
    return {
      filter: this.canFilterByType ? 'object:type=tag' : 'tree:0',
    }
  }

  /** Which of `candidates` are ancestors of `tip`, exactly, by the source's own walk: see wire/history-question.ts. */
  async unshallowed(tip: string, candidates: readonly string[]): Promise<Set<string>> {
    const deepening = { wants: [tip], shallow: candidates, depth: DEEPEST }
    return new Set((await this.#deepen(deepening, 'prove', new Set(candidates))).unshallow)
  }

  /** The commits that are `depth` deep below `tips`, which are 1 deep; none where no history goes so deep. */
  async commitsAt(depth: number, tips: readonly string[]): Promise<string[]> {
    return (await this.#deepen({ wants: tips, depth }, 'graph')).shallow
  }

  /**
   * Which of `haves` the source has, by a round of negotiation over `want`; undefined if its response would not be
   * reliable.
   */
  async acknowledged(want: string, haves: readonly string[]): Promise<Set<string> | undefined> {
    const isV2 = this.protocol === 'v2'
    if (!isV2 && !this.capabilities.has('multi_ack_detailed')) return undefined
    const body = (isV2 ? writeFetchV2 : writeFetchV1)(this.capabilities, {
      wants: [want],
      haves,
      end: 'flush',
    })
    const reader = await this.#call('negotiate', body, isV2, true)
    try {
      return await readAcknowledged(reader, isV2, haves)
    } catch (error) {
      throw this.#http.toRemoteError(error)
    } finally {
      await reader.close()
    }
  }

  #deepen(question: Deepening, statsLabel: string, among?: ReadonlySet<string>): Promise<ShallowInfo> {
    const protocol = this.protocol === 'v2' && this.#mode === 'v2' ? 'v2' : 'v1'
    return deepen(this.#http, question, {
      format: this.objectFormat,
      statsLabel,
      protocol,
      capabilities: protocol === this.protocol ? this.capabilities : undefined,
      ...(among && { among }),
    })
  }

  /** A remote's text without our secrets; `isCut` where the text goes on. */
  redact(text: string, isCut?: boolean): string {
    return this.#http.redact(text, isCut)
  }

  async #call(statsLabel: string, body: Buffer, isV2: boolean, isKept = false): Promise<PacketReader> {
    const gitProtocol = isV2 ? { gitProtocol: VERSION_2 } : {}
    const response = await this.#http.post({ service: UPLOAD_PACK, statsLabel, body, isKept, ...gitProtocol })
    return new PacketReader(response, MAX_PREAMBLE)
  }
}

type Found = Pick<UploadPack, 'protocol' | 'capabilities' | 'refs' | 'head' | 'invalidNames'>

async function list(http: SmartHttp, mode: ProtocolMode, prefixes: readonly string[]): Promise<Found> {
  const gitProtocol = mode === 'v1' ? undefined : VERSION_2
  const response = await http.infoRefs(UPLOAD_PACK, gitProtocol)
  const advertisement = await http.readListing(response, readAdvertisement)
  const { capabilities } = advertisement
  if (advertisement.version === 1) {
    if (mode === 'v2') {
      throw new GitSyncError(
        'unsupported',
        worded`The ${http.side} does not speak protocol v2; allow v1 with ${setting('policy.protocol')} "auto".`,
      )
    }
    if (advertisement.shallow.length > 0) throw shallowSource(http)
    const { refs, head, invalidNames } = advertisement
    return { protocol: 'v1', capabilities, refs, head, invalidNames }
  }
  const body = writeLsRefs(capabilities, prefixes)
  const call = {
    service: UPLOAD_PACK,
    statsLabel: 'ls-refs',
    body,
    gitProtocol: VERSION_2,
    isKept: true,
  } as const
  const listing = await http.post(call)
  const format = capabilities.objectFormat
  const { refs, head, invalidNames } = await http.readListing(listing, (bytes) => readLsRefs(bytes, format))
  return { protocol: 'v2', capabilities, refs, head, invalidNames }
}

function shallowSource(http: SmartHttp): GitSyncError {
  const hint =
    'it lacks history, so a mirror of it would be broken; unshallow it first (git fetch --unshallow)'
  return new GitSyncError('unsupported', `The ${http.side} is a shallow repository: ${hint}.`)
}
