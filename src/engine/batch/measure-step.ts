import { CountedPack } from '../counted-pack.js'
import type { Context } from '../execution.js'
import { chooseHaves } from '../haves.js'
import type { Prefix } from './prefix.js'

/** A step of fewer commits than this is filled commit by commit, so that no room is wasted. */
export const FEW_COMMITS = 10
/** What a step may be filled up to: the rest is for the push's commands. */
const FILL = 0.98
const GOOD_ENOUGH = 0.6

/** Fills steps by what the source says they weigh: packs are fetched and counted, and nothing is sent. */
export class StepMeasure {
  readonly #context: Context
  /** By place in the order: the bytes of one commit, as the last step that was filled left over. */
  readonly #single = new Map<number, number>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Bytes of the pack from one prefix to a longer one; `Infinity` for more than `most`. */
  async weigh(from: Prefix, to: Prefix, most: number): Promise<number> {
    const { remotes, plan, confirmed } = this.#context
    const { source, target } = remotes
    const held = new Set(from.headIds())
    const wants = to.headIds().filter((id) => !held.has(id))
    const haves = chooseHaves(target, plan, source.refs, new Set([...held, ...confirmed]))
    const ofsDelta = target.capabilities.has('ofs-delta')
    const request = { wants, haves, shallow: target.shallow, thin: haves.length > 0, ofsDelta }
    const pack = new CountedPack(await source.fetch(request, 'measure', () => {}), this.#context)
    for await (const _ of pack) if (pack.bytes > most) return Number.POSITIVE_INFINITY
    return pack.bytes
  }

  /** As many single commits as fit, at least one: what follows then never fits in beside them. */
  async fill(from: Prefix, limit: number): Promise<Prefix> {
    let to = from
    for (let bytes = 0; !to.isWhole; ) {
      const next = await to.advance(1)
      const single = this.#single.get(to.end) ?? (await this.weigh(to, next, limit))
      this.#single.set(to.end, single)
      bytes += single
      if (bytes > limit * FILL && to !== from) break
      to = next
    }
    return to
  }

  /** A prefix that fits, after `tooMany` commits did not: found by halving, at least one commit. */
  async bisect(from: Prefix, tooMany: number, limit: number): Promise<Prefix> {
    let [fits, fitsNot] = [0, tooMany]
    while (fitsNot - fits > Math.max(1, fitsNot / 10)) {
      const middle = Math.floor((fits + fitsNot) / 2)
      const bytes = await this.weigh(from, await from.advance(middle), limit * FILL)
      if (bytes === Number.POSITIVE_INFINITY) fitsNot = middle
      else fits = middle
      if (fits === middle && bytes > limit * GOOD_ENOUGH) break
    }
    return from.advance(Math.max(1, fits))
  }
}
