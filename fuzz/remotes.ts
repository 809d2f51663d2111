import type { Random } from '../testing/random.js'
import { type BodyDamage, bodyDamages } from './damage-body.js'
import { type HttpDamage, httpDamages, type Outgoing } from './damage-http.js'
import type { FakeTarget } from './fake-target.js'
import { splitPackets } from './packets.js'
import type { Pair } from './pair.js'

export type SideName = 'source' | 'target'

export interface Damage {
  /** The response that is damaged, and with `persists` every later one of its kind. */
  step: string
  persists: boolean
  name: string
}

export interface Call {
  side: SideName
  /** `info-refs`, or the service that is called. */
  kind: string
  isV2: boolean
  body: Buffer
  /** Whether the whole body has come. */
  isWhole: boolean
}

/** Both remotes of one run: they respond as git does, but for the one response that is damaged. */
export class Remotes {
  readonly target: FakeTarget
  /** The names of the responses given, in order. */
  readonly steps: string[] = []
  /** The names in each of the source's listings that was damaged and yet is whole: what it lacks may be deleted. */
  readonly damagedListings: Set<string>[] = []
  readonly #pair: Pair
  readonly #damage: Damage | undefined
  readonly #random: Random
  readonly #counts = new Map<string, number>()

  constructor(pair: Pair, damage: Damage | undefined, random: Random) {
    this.#pair = pair
    this.#damage = damage
    this.#random = random
    this.target = pair.target()
  }

  /** Undefined where the caller has gone before anything could be said. */
  async respond(call: Call): Promise<Outgoing | undefined> {
    const healthy = await this.#healthy(call)
    if (!healthy || !call.isWhole) return undefined
    const kind = `${call.side} ${call.kind}`
    const index = this.#counts.get(kind) ?? 0
    this.#counts.set(kind, index + 1)
    const step = `${kind} ${index}`
    this.steps.push(step)
    if (!this.#isDamaged(kind, index)) return healthy
    const damaged = this.#damaged(healthy)
    if (call.side === 'source' && isListing(call)) this.#noteListing(damaged)
    return damaged
  }

  async #healthy(call: Call): Promise<Outgoing | undefined> {
    const pair = this.#pair
    const protocol = call.isV2 ? 'v2' : 'v1'
    if (call.kind === 'info-refs') {
      const isSource = call.side === 'source'
      const body = isSource ? await pair.list(protocol) : this.target.advertisement()
      return ok(isSource ? 'upload-pack-advertisement' : 'receive-pack-advertisement', body)
    }
    if (call.kind === 'git-upload-pack') {
      return call.isWhole
        ? ok('upload-pack-result', await pair.call(call.side, protocol, call.body))
        : undefined
    }
    const { limit } = pair.scenario
    if (limit !== undefined && call.body.length > limit) {
      return { status: 413, headers: {}, body: Buffer.alloc(0), end: 'end' }
    }
    const report = this.target.receive(call.body)
    return report && ok('receive-pack-result', report)
  }

  #isDamaged(kind: string, index: number): boolean {
    if (!this.#damage) return false
    const { step, persists } = this.#damage
    const at = step.lastIndexOf(' ')
    const from = Number(step.slice(at + 1))
    return kind === step.slice(0, at) && (persists ? index >= from : index === from)
  }

  #damaged(healthy: Outgoing): Outgoing {
    const name = this.#damage?.name ?? ''
    const body = bodyDamages[name] as BodyDamage | undefined
    if (body) return { ...healthy, body: body(healthy.body, this.#random) }
    return (httpDamages[name] as HttpDamage)(healthy, this.#random)
  }

  #noteListing({ body, end, raw, status }: Outgoing): void {
    if (status !== 200 || end !== 'end' || raw !== undefined) return
    const packets = splitPackets(body).map((packet) => packet.toString('latin1'))
    if (packets.at(-1) !== '0000') return
    this.damagedListings.push(
      new Set(packets.flatMap((packet) => /^.{4}[0-9a-f]+ (\S+?)(?:[\0 \n]|$)/.exec(packet)?.[1] ?? [])),
    )
  }
}

function isListing({ kind, body }: Call): boolean {
  return kind === 'info-refs' || body.includes('command=ls-refs')
}

function ok(type: string, body: Buffer): Outgoing {
  return {
    status: 200,
    headers: { 'content-type': `application/x-git-${type}`, 'cache-control': 'no-cache' },
    body,
    end: 'end',
  }
}
