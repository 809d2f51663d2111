import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from '../testing/git/git.js'
import { infoRefs, responseOf } from '../testing/git/git-bytes.js'
import { FLUSH, pkt } from '../testing/packets/wire.js'
import { FakeTarget } from './fake-target.js'
import { type History, lendTo } from './history.js'
import { packIn, splitPackets } from './packets.js'
import type { Scenario } from './scenarios.js'

export type Protocol = 'v1' | 'v2'

/** A scenario's remotes: real repositories, whose git is asked each question once. */
export class Pair {
  readonly scenario: Scenario
  readonly history: History
  readonly sourceRefs: ReadonlyMap<string, string>
  readonly targetRefs: ReadonlyMap<string, string>
  /** The responses that the healthy run reads, by the names that remotes.ts gives them. */
  steps: string[] = []
  readonly #source: string
  readonly #target: string
  readonly #responses = new Map<string, Promise<Buffer>>()
  readonly #checksums = new Set<string>()
  #capabilities = ''

  private constructor(root: string, scenario: Scenario, history: History) {
    this.scenario = scenario
    this.history = history
    this.#source = join(root, 'source.git')
    this.#target = join(root, 'target.git')
    this.sourceRefs = this.#resolved(scenario.source)
    this.targetRefs = this.#resolved(scenario.target)
  }

  static async make(root: string, scenario: Scenario, history: History): Promise<Pair> {
    await mkdir(root, { recursive: true })
    const pair = new Pair(root, scenario, history)
    await Promise.all([
      lendTo(pair.#source, history.shared, Object.fromEntries(pair.sourceRefs)),
      lendTo(pair.#target, history.targetOnly, Object.fromEntries(pair.targetRefs)),
    ])
    for (const [name, value] of Object.entries(scenario.sourceConfig ?? {})) {
      await git(pair.#source, 'config', name, value)
    }
    const listing = await infoRefs('receive-pack', pair.#target)
    const first = splitPackets(listing)[0]?.toString('latin1') ?? ''
    const capabilities = first.slice(first.indexOf('\0') + 1).trim()
    pair.#capabilities = capabilities
      .split(' ')
      .filter((name) => !scenario.targetLacks?.includes(name))
      .join(' ')
    return pair
  }

  /** A target that has been sent nothing yet. */
  target(): FakeTarget {
    return new FakeTarget({
      refs: this.targetRefs,
      capabilities: this.#capabilities,
      extraLines: (this.scenario.extraLines ?? []).map((line) => {
        const [name = '', kind = ''] = line.split(' ')
        return `${this.#id(name)} ${kind}`
      }),
      isKnown: (id) => this.history.isKnown(id),
      isSound: (checksum) => this.#checksums.has(checksum),
    })
  }

  /** What git's http-backend responds to a listing of the source. */
  list(protocol: Protocol): Promise<Buffer> {
    return this.#once(`list ${protocol}`, async () => {
      const listing = await infoRefs('upload-pack', this.#source, protocol)
      return protocol === 'v2' ? listing : Buffer.concat([pkt('# service=git-upload-pack\n'), FLUSH, listing])
    })
  }

  /** What git's http-backend responds to a call of upload-pack, at either side. */
  call(side: 'source' | 'target', protocol: Protocol, input: Buffer): Promise<Buffer> {
    const digest = createHash('sha1').update(input).digest('hex')
    return this.#once(`${side} ${protocol} ${digest}`, async () => {
      const dir = side === 'source' ? this.#source : this.#target
      // A git that refuses writes why, and exits with a status of its own.
      const response = await responseOf('upload-pack', dir, input, protocol).catch(
        (error: { output?: Buffer }) => error.output ?? Buffer.alloc(0),
      )
      const pack = packIn(response)
      if (pack.length > 0) this.#checksums.add(pack.subarray(-20).toString('hex'))
      return response
    })
  }

  #once(key: string, ask: () => Promise<Buffer>): Promise<Buffer> {
    const response = this.#responses.get(key) ?? ask()
    this.#responses.set(key, response)
    return response
  }

  #resolved(refs: Record<string, string>): Map<string, string> {
    return new Map(Object.entries(refs).map(([ref, name]) => [ref, this.#id(name)]))
  }

  #id(name: string): string {
    const id = this.history.ids[name]
    if (id === undefined) throw new Error(`no commit is called ${name}`)
    return id
  }
}
