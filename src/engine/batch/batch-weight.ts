import { countedPack } from '../push/counted-pack.js'
import { chooseHaves } from '../push/haves.js'
import type { Context } from '../push/push-state.js'
import { type Frontier, newHeads } from './frontier.js'

/** A step of fewer commits than this is filled one by one, so that no room is wasted. */
export const FEW = 10
/** What a step may be filled up to: the rest is for the push's commands. */
const FILL = 0.98
const GOOD_ENOUGH = 0.6
/** Halving a million depths, and the heads at one, takes some forty: beyond, the source leads us on. */
const MAX_HALVINGS = 200
/** Singles in a step that is filled one by one. */
const MAX_SINGLES = 10 * FEW

/** Fills steps by what the source says they weigh: packs are fetched and counted, and nothing is sent. */
export class BatchWeight {
  readonly #context: Context
  /** By place in the history: the bytes of one advance, as the last step that was filled left over. */
  readonly #single = new WeakMap<Frontier, number>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Bytes of the pack from one prefix to a longer one; `Infinity` for more than `most`. */
  async weigh(from: Frontier, to: Frontier, most: number): Promise<number> {
    const { run, remotes, plan, confirmed } = this.#context
    const { source, target } = remotes
    const wants = newHeads(from, to)
    if (wants.length === 0) return 0
    const known = new Set([...from.headIds, ...confirmed])
    const haves = await chooseHaves(remotes, plan, known, run.signal)
    const ofsDelta = target.capabilities.has('ofs-delta')
    const request = { wants, haves, shallow: target.shallow, thin: haves.length > 0, ofsDelta }
    const pack = countedPack(await source.fetch(request, 'measure', () => {}), this.#context)
    for await (const _ of pack) if (pack.bytes > most) return Number.POSITIVE_INFINITY
    return pack.bytes
  }

  /** Whether the target has all that some commits reach, once it has `heads`. */
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

  async fits(from: Frontier, to: Frontier, limit: number): Promise<boolean> {
    return (await this.weigh(from, to, limit * FILL)) !== Number.POSITIVE_INFINITY
  }

  /** As many single ones as fit, at least one: what follows then never fits in beside them. */
  async fill(from: Frontier, limit: number): Promise<Frontier> {
    let to = from
    for (let [bytes, singles] = [0, 0]; !to.isWhole && singles < MAX_SINGLES; singles++) {
      const next = await to.advance(1)
      const single = this.#single.get(to) ?? (await this.weigh(to, next, limit))
      this.#single.set(to, single)
      if (single === Number.POSITIVE_INFINITY && to === from) return this.bisect(from, next, limit)
      bytes += single
      if (bytes > limit * FILL && to !== from) break
      to = next
    }
    return to
  }

  /** A prefix that fits, where `tooFar` did not: found by halving. The least there is, if not even that fits. */
  async bisect(from: Frontier, tooFar: Frontier, limit: number): Promise<Frontier> {
    let [fits, fitsNot] = [from, tooFar]
    for (let halvings = 0; halvings < MAX_HALVINGS; halvings++) {
      const middle = await fits.halfwayTo(fitsNot)
      if (!middle) break
      const bytes = await this.weigh(from, middle, limit * FILL)
      if (bytes === Number.POSITIVE_INFINITY) fitsNot = middle
      else fits = middle
      if (fits === middle && bytes > limit * GOOD_ENOUGH) break
      if (fits !== from && fitsNot.end - fits.end <= (fitsNot.end - from.end) / 10) break
    }
    return fits === from ? fitsNot : fits
  }
}
