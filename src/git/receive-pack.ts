import { GitSyncError } from '../errors.js'
import type { ByteStream } from '../runtime/byte-stream.js'
import { deepen } from './deepen.js'
import { RECEIVE_PACK, type SmartHttp } from './http/smart-http.js'
import { PacketReader } from './packets/packet-reader.js'
import { readSideBand, type TextSink } from './packets/side-band-stream.js'
import type { ObjectFormat } from './refs/object-id.js'
import { type RefAdvertisement, readAdvertisement } from './wire/advertisement.js'
import type { Capabilities } from './wire/capabilities.js'
import { type PushReport, readPushReport } from './wire/push-report.js'
import { type Command, type PushOptions, writeCommands } from './wire/push-request.js'

/** Bytes of the response to a push, with all output of hooks. */
const MAX_REPORT = 64 * 1024 * 1024

export interface Push extends PushOptions {
  commands: readonly Command[]
  /** Absent where every command is a delete. */
  pack?: Buffer | AsyncIterable<Buffer>
  /** Bytes of a streamed pack, where they are known: the request then has a Content-Length. */
  packSize?: number
}

/** The target of a run: its refs as they were listed, and the push that changes them. */
export class ReceivePack {
  readonly #http: SmartHttp
  readonly #found: RefAdvertisement
  readonly objectFormat: ObjectFormat

  private constructor(http: SmartHttp, found: RefAdvertisement) {
    this.#http = http
    this.#found = found
    this.objectFormat = found.capabilities.objectFormat
  }

  /** Lists the refs, with one request. */
  static async open(http: SmartHttp): Promise<ReceivePack> {
    try {
      const found = await http.readListing(await http.infoRefs(RECEIVE_PACK), readAdvertisement)
      if (found.version !== 1) {
        throw new GitSyncError(
          `${http.side}_protocol_error`,
          'The target lists no refs: it responded to a push with protocol v2.',
        )
      }
      return new ReceivePack(http, found)
    } catch (error) {
      throw http.toRemoteError(error)
    }
  }

  get capabilities(): Capabilities {
    return this.#found.capabilities
  }

  get refs(): ReadonlyMap<string, string> {
    return this.#found.refs
  }

  /** The branch that HEAD names, where the target says so. */
  get head(): string | undefined {
    return this.#found.head
  }

  get extraHaves(): readonly string[] {
    return this.#found.extraHaves
  }

  get shallow(): readonly string[] {
    return this.#found.shallow
  }

  /** Lists the refs again. */
  relist(): Promise<ReceivePack> {
    return ReceivePack.open(this.#http)
  }

  /**
   * The commits that are `depth` deep below a tip, which is 1 deep. It asks the target's upload-pack, if the target may
   * be read.
   */
  async commitsAt(depth: number, tip: string): Promise<string[]> {
    const format = this.objectFormat
    return (
      await deepen(this.#http, { wants: [tip], depth }, { format, statsLabel: 'history', protocol: 'v1' })
    ).shallow
  }

  /**
   * One push: commands and pack are sent as the pack arrives. The report has the target's status of each ref.
   *
   * @throws what `pack` throws; else GitSyncError of the target
   */
  async push(push: Push, onText: TextSink): Promise<PushReport> {
    const counted = this.#http.traffic.item(this.#http.side, RECEIVE_PACK, 'push')
    counted.commands += push.commands.length
    try {
      const head = writeCommands(this.capabilities, push.commands, push)
      const { pack = Buffer.alloc(0), packSize } = push
      const body = Buffer.isBuffer(pack) ? Buffer.concat([head, pack]) : joined(head, pack)
      const length = packSize === undefined ? {} : { contentLength: head.length + packSize }
      const response = await this.#http.post({ service: RECEIVE_PACK, statsLabel: 'push', body, ...length })
      const sent = new Set(push.commands.map(({ ref }) => ref))
      return await this.#readReport(new PacketReader(response, MAX_REPORT), sent, onText)
    } catch (error) {
      throw this.#http.toRemoteError(error)
    }
  }

  /** A remote's text without our secrets; `isCut` where the text goes on. */
  redact(text: string, isCut?: boolean): string {
    return this.#http.redact(text, isCut)
  }

  async #readReport(outer: PacketReader, sent: ReadonlySet<string>, onText: TextSink): Promise<PushReport> {
    // A server that cannot even start may report an error before any side-band.
    const isError = (await outer.peek(8)).toString('latin1', 4) === 'ERR '
    const isBanded = this.capabilities.has('side-band-64k') && !isError
    const banded = isBanded ? readSideBand(outer, onText) : undefined
    const reader = banded ? new PacketReader(banded) : outer
    try {
      const report = await readPushReport(reader, sent, (text) => this.redact(text))
      await drainHooks(banded)
      return report
    } finally {
      await reader.close()
      await outer.close()
    }
  }
}

/** Hooks that run after the refs have moved write after the report; to disconnect would kill them. */
async function drainHooks(banded: ByteStream | undefined): Promise<void> {
  try {
    while (banded && !(await banded.next()).done);
  } catch {
    // The report has all that matters.
  }
}

async function* joined(head: Buffer, pack: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head
  yield* pack
}
