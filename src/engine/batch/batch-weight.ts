import { outlinePack } from '../../git/pack/pack-outline.js'
import { hashSize } from '../../git/refs/object-id.js'
import { Pace } from '../../runtime/yield.js'
import { type CountedPack, countedPack } from '../push/counted-pack.js'
import { chooseHaves } from '../push/haves.js'
import type { Context } from '../push/push-state.js'
import type { BatchSize } from './batch-size.js'
import { type Frontier, newHeads } from './frontier.js'
import { TUNING } from './tuning.js'

/** The weight of a pack. */
export interface Weight {
  bytes: number
  objects: number
  /** Whether `bytes` was counted, or follows from the heads of all objects: else it follows from their number. */
  isSound: boolean
}

export interface WeighOptions {
  /** Bytes beyond which the weight does not matter. */
  most: number
  /** Read the whole pack, up to `most`. */
  isExact?: boolean
}

/**
 * Weighs what a batch would bring, without sending it: by the number of objects in the pack's header, and the heads of
 * those at its beginning. Only a small part of a pack is read.
 */
export class BatchWeight {
  readonly #context: Context
  readonly #size: BatchSize
  /** By place in the history: the weight of one advance, as the last batch that was filled left over. */
  readonly #single = new WeakMap<Frontier, number | 'over'>()
  /** The weights of single advances, in the order in which they became known. */
  readonly #latest: (number | 'over')[] = []

  constructor(context: Context, size: BatchSize) {
    this.#context = context
    this.#size = size
  }

  /** Weighs the pack from one frontier to the next. */
  async weigh(from: Frontier, to: Frontier, { most, isExact }: WeighOptions): Promise<Weight | 'over'> {
    const { run, remotes, plan, confirmed } = this.#context
    const { source, target } = remotes
    const wants = newHeads(from, to)
    if (wants.length === 0) return { bytes: 0, objects: 0, isSound: true }
    const known = new Set([...from.headIds, ...confirmed])
    const haves = await chooseHaves(remotes, plan, known, run.signal)
    const ofsDelta = target.capabilities.has('ofs-delta')
    const request = { wants, haves, shallow: target.shallow, thin: haves.length > 0, ofsDelta }
    const pack = countedPack(await source.fetch(request, 'measure', () => {}), this.#context)
    try {
      const weight = isExact ? await countBytes(pack, most) : await this.#estimate(pack)
      return weight.bytes > most ? 'over' : weight
    } finally {
      await pack.return()
    }
  }

  /** Whether the target has everything that some commits reach, once it has `heads`. */
  async isHeld(commits: readonly string[], heads: readonly string[]): Promise<boolean> {
    const { run, remotes, plan, confirmed } = this.#context
    const { source, target } = remotes
    const known = new Set([...heads, ...confirmed])
    const haves = await chooseHaves(remotes, plan, known, run.signal)
    if (haves.length === 0) return false
    const request = { wants: commits, haves, shallow: target.shallow }
    const pack = await source.fetch(request, 'measure', () => {})
    await pack.return()
    return pack.objects === 0
  }

  async fits(from: Frontier, to: Frontier): Promise<boolean> {
    return (await this.weigh(from, to, { most: this.#size.room })) !== 'over'
  }

  /** Adds commits one at a time while they fit, always at least one, so that the next one would not have fitted. */
  async fill(from: Frontier): Promise<Frontier> {
    const most = this.#size.room
    let to = from
    for (let [bytes, singles] = [0, 0]; !to.isWhole && singles < TUNING.mostSingles; singles++) {
      const next = await to.advance(1)
      const single = await this.#weighSingle(to, next, most)
      if (single === 'over') return to === from ? this.bisect(from, next) : to
      bytes += single
      if (bytes > most && to !== from) break
      to = next
    }
    return to
  }

  /** Where the limit is a guess, regular commits are not weighed any more. */
  async #weighSingle(from: Frontier, to: Frontier, most: number): Promise<number | 'over'> {
    const regular = this.#size.limit.isExact ? undefined : regularWeight(this.#latest)
    const single = this.#single.get(from) ?? regular ?? bytesOf(await this.weigh(from, to, { most }))
    if (!this.#single.has(from)) this.#latest.push(single)
    this.#single.set(from, single)
    return single
  }

  /** Finds a frontier that fits, where `overLimit` did not, by halving: the least there is, if not even that fits. */
  async bisect(from: Frontier, overLimit: Frontier, isExact = false): Promise<Frontier> {
    const most = this.#size.room
    let [fits, over] = [from, overLimit]
    for (let halvings = 0; halvings < TUNING.mostHalvings; halvings++) {
      const middle = await fits.halfwayTo(over)
      if (!middle) break
      const weight = await this.weigh(from, middle, { most, isExact })
      if (weight === 'over') over = middle
      else fits = middle
      if (weight !== 'over' && weight.bytes > most * TUNING.goodEnough) break
      if (fits !== from && over.end - fits.end <= (over.end - from.end) / 10) break
    }
    return fits === from ? over : fits
  }

  /** Reads a little of a pack, and more only where that shows too few of its objects. */
  async #estimate(pack: CountedPack): Promise<Weight> {
    const { objects } = pack
    const pace = new Pace(this.#context.run.signal)
    const hashBytes = hashSize(this.#context.remotes.source.objectFormat)
    const share = Math.min(this.#size.limit.most * TUNING.lookShare, TUNING.mostLook)
    const chunks: Buffer[] = []
    let seen = { objects: 0, bytes: 0 }
    for (const enough of [TUNING.glance, Math.max(TUNING.look, share)]) {
      if (await readUpTo(pack, chunks, enough)) return { bytes: pack.bytes, objects, isSound: true }
      seen = await outlinePack(Buffer.concat(chunks), hashBytes, pace)
      if (seen.objects === objects) return { bytes: seen.bytes, objects, isSound: true }
    }
    // Commits and trees come first: they say little about the others.
    const each = this.#size.bytesPerObject ?? 0
    const bytes = Math.max(objects * each, seen.bytes + (objects - seen.objects) * each)
    return { bytes, objects, isSound: false }
  }
}

function bytesOf(weight: Weight | 'over'): number | 'over' {
  return weight === 'over' ? weight : weight.bytes
}

/** The average weight of the latest of these, if they are many enough and much alike. */
export function regularWeight(weights: readonly (number | 'over')[]): number | undefined {
  const latest = weights.slice(-TUNING.regular).filter((weight) => weight !== 'over')
  if (latest.length < TUNING.regular) return undefined
  const average = latest.reduce((sum, weight) => sum + weight, 0) / latest.length
  const isAlike = latest.every((weight) => Math.abs(weight - average) <= average * TUNING.spread)
  return isAlike ? average : undefined
}

async function countBytes(pack: CountedPack, most: number): Promise<Weight> {
  for await (const _ of pack) if (pack.bytes > most) break
  return { bytes: pack.bytes, objects: pack.objects, isSound: true }
}

/** Whether the pack has ended. */
async function readUpTo(pack: CountedPack, chunks: Buffer[], enough: number): Promise<boolean> {
  while (pack.bytes < enough) {
    const { done, value } = await pack.next()
    if (done) return true
    chunks.push(value)
  }
  return false
}
