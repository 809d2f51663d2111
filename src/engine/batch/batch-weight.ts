import { CountedPack } from '../push/counted-pack.js'
import { chooseHaves } from '../push/haves.js'
import type { Context } from '../push/push-state.js'
import { type Frontier, newHeads } from './frontier.js'
import { TUNING } from './tuning.js'

/** Bytes of a pack, or that there are more than was asked about. */
export type Weight = number | 'over'

/** Fills batches by what the source says they weigh: packs are fetched and counted, and nothing is sent. */
export class BatchWeight {
  readonly #context: Context
  /** By place in the history: the bytes of one advance, as the last batch that was filled left over. */
  readonly #single = new WeakMap<Frontier, Weight>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Weighs the pack from one frontier to the next. */
  async weigh(from: Frontier, to: Frontier, most: number): Promise<Weight> {
    const { run, remotes, plan, confirmed } = this.#context
    const { source, target } = remotes
    const wants = newHeads(from, to)
    if (wants.length === 0) return 0
    const known = new Set([...from.headIds, ...confirmed])
    const haves = await chooseHaves(target, plan, source.refs, known, run.signal)
    const ofsDelta = target.capabilities.has('ofs-delta')
    const request = { wants, haves, shallow: target.shallow, thin: haves.length > 0, ofsDelta }
    const pack = new CountedPack(await source.fetch(request, 'measure', () => {}), this.#context)
    for await (const _ of pack) if (pack.bytes > most) return 'over'
    return pack.bytes
  }

  /** Whether the target has everything that some commits reach, once it has `heads`. */
  async isHeld(commits: readonly string[], heads: readonly string[]): Promise<boolean> {
    const { run, remotes, plan, confirmed } = this.#context
    const { source, target } = remotes
    const known = new Set([...heads, ...confirmed])
    const haves = await chooseHaves(target, plan, source.refs, known, run.signal)
    if (haves.length === 0) return false
    const request = { wants: commits, haves, shallow: target.shallow }
    const pack = await source.fetch(request, 'measure', () => {})
    await pack.return()
    return pack.objects === 0
  }

  async fits(from: Frontier, to: Frontier, limit: number): Promise<boolean> {
    return (await this.weigh(from, to, limit * TUNING.full)) !== 'over'
  }

  /** Adds commits one at a time while they fit, always at least one, so that the next one would not have fitted. */
  async fill(from: Frontier, limit: number): Promise<Frontier> {
    let to = from
    for (let [bytes, singles] = [0, 0]; !to.isWhole && singles < TUNING.mostSingles; singles++) {
      const next = await to.advance(1)
      const single = this.#single.get(to) ?? (await this.weigh(to, next, limit))
      this.#single.set(to, single)
      if (single === 'over') return to === from ? this.bisect(from, next, limit) : to
      bytes += single
      if (bytes > limit * TUNING.full && to !== from) break
      to = next
    }
    return to
  }

  /** Finds a frontier that fits, where `overLimit` did not, by halving: the least there is, if not even that fits. */
  async bisect(from: Frontier, overLimit: Frontier, limit: number): Promise<Frontier> {
    let [fits, over] = [from, overLimit]
    for (let halvings = 0; halvings < TUNING.mostHalvings; halvings++) {
      const middle = await fits.halfwayTo(over)
      if (!middle) break
      const bytes = await this.weigh(from, middle, limit * TUNING.full)
      if (bytes === 'over') over = middle
      else fits = middle
      if (bytes !== 'over' && bytes > limit * TUNING.goodEnough) break
      if (fits !== from && over.end - fits.end <= (over.end - from.end) / 10) break
    }
    return fits === from ? over : fits
  }
}
