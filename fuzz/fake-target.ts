import { readPush } from '../testing/packets/packets.js'
import { band, FLUSH, pkt } from '../testing/packets/wire.js'
import { isWholePack } from './packets.js'

export const ZERO = '0'.repeat(40)

export interface SentCommand {
  ref: string
  oldId: string
  newId: string
  /** Why it was refused; empty where the ref moved. */
  refused: string
}

export interface FakeTargetOptions {
  refs: ReadonlyMap<string, string>
  capabilities: string
  /** Lines of the advertisement beyond the refs. */
  extraLines: readonly string[]
  /** Whether the target would have an object, a pack once unpacked. */
  isKnown(id: string): boolean
  /** Whether a pack is one that the source has made. */
  isSound(checksum: string): boolean
}

const EMPTY_PACK = '029d08823bd8a8eab510ad6ac75c823cfd3ed31e'

/** A receive-pack over refs in memory, as strict as git's: what it was sent is kept, and what it did. */
export class FakeTarget {
  readonly refs: Map<string, string>
  readonly commands: SentCommand[] = []
  pushes = 0
  failedUnpacks = 0
  readonly #options: FakeTargetOptions

  constructor(options: FakeTargetOptions) {
    this.#options = options
    this.refs = new Map(options.refs)
  }

  advertisement(): Buffer {
    const { capabilities, extraLines } = this.#options
    const lines = [...this.refs]
      .map(([ref, id]) => `${id} ${ref}`)
      .sort((a, b) => (a.slice(41) < b.slice(41) ? -1 : 1))
    const [first = `${ZERO} capabilities^{}`, ...rest] = [...lines, ...extraLines]
    const packets = [`${first}\0${capabilities}\n`, ...rest.map((line) => `${line}\n`)].map((line) =>
      pkt(line),
    )
    return Buffer.concat([pkt('# service=git-receive-pack\n'), FLUSH, ...packets, FLUSH])
  }

  /** Does what a push says and gives the report, or nothing where its commands are incomplete. */
  receive(body: Buffer): Buffer | undefined {
    const push = parse(body)
    if (!push) return undefined
    this.pushes++
    const commands = push.commands.map((command) => ({ ...command, refused: '' }))
    this.commands.push(...commands)
    const unpack = this.#unpack(commands, push.pack)
    if (unpack === 'ok') this.#update(commands, push.capabilities.includes('atomic'))
    else for (const command of commands) command.refused = 'unpacker error'
    return this.#report(unpack, commands, push.capabilities)
  }

  #unpack(commands: readonly SentCommand[], pack: Buffer): string {
    if (commands.every(({ newId }) => newId === ZERO)) return 'ok'
    const checksum = pack.subarray(-20).toString('hex')
    if (isWholePack(pack) && (checksum === EMPTY_PACK || this.#options.isSound(checksum))) return 'ok'
    this.failedUnpacks++
    return 'index-pack abnormal exit'
  }

  #update(commands: readonly SentCommand[], isAtomic: boolean): void {
    for (const command of commands) command.refused = this.#objection(command)
    if (isAtomic && commands.some(({ refused }) => refused !== '')) {
      for (const command of commands) command.refused ||= 'atomic push failure'
    }
    for (const { ref, newId, refused } of commands) {
      if (refused !== '') continue
      if (newId === ZERO) this.refs.delete(ref)
      else this.refs.set(ref, newId)
    }
  }

  #objection({ ref, oldId, newId }: SentCommand): string {
    if (!ref.startsWith('refs/')) return 'funny refname'
    if ((this.refs.get(ref) ?? ZERO) !== oldId) return 'failed to update ref'
    return newId === ZERO || this.#options.isKnown(newId) ? '' : 'missing necessary objects'
  }

  #report(unpack: string, commands: readonly SentCommand[], capabilities: readonly string[]): Buffer {
    if (!capabilities.some((name) => name.startsWith('report-status'))) return Buffer.alloc(0)
    const lines = commands.map(({ ref, refused }) => pkt(refused ? `ng ${ref} ${refused}\n` : `ok ${ref}\n`))
    const report = Buffer.concat([pkt(`unpack ${unpack}\n`), ...lines, FLUSH])
    if (!capabilities.includes('side-band-64k')) return report
    return Buffer.concat([band(2, 'checked\n'), band(1, report), FLUSH])
  }
}

/** Undefined where the connection broke before all commands were there. */
function parse(body: Buffer) {
  try {
    return readPush(body)
  } catch {
    return undefined
  }
}
