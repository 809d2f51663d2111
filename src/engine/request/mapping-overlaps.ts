import { PatternIndex, reverse } from './pattern-index.js'
import { PrefixForest } from './prefix-forest.js'
import type { RefPattern } from './ref-pattern.js'

/** Two patterns, by their places, that could name one ref, or two that git cannot hold at once. */
export type Overlap = [one: number, other: number]

/** For each pattern that overlaps another one, one such pair. */
export function* overlapsAmong(patterns: readonly RefPattern[]): Generator<Overlap> {
  yield* sameOrBelow(patterns)
  yield* nameAndStar(patterns)
  yield* twoStars(patterns)
}

/** Equal ones, and `a` together with `a/b`, which git cannot hold. */
function* sameOrBelow(patterns: readonly RefPattern[]): Generator<Overlap> {
  if (areApart(patterns.map(({ text }) => `${text}/`))) return
  const places = new Map<string, number>()
  for (const [at, { text }] of patterns.entries()) {
    const earlier = places.get(text)
    if (earlier === undefined) places.set(text, at)
    else yield [earlier, at]
  }
  const placeOf = (folder: string) => places.get(folder.slice(0, -1)) as number
  // Names below a folder follow it at once.
  const open: string[] = []
  for (const folder of [...places.keys()].map((text) => `${text}/`).sort()) {
    for (let top = open.at(-1); top && !folder.startsWith(top); top = open.at(-1)) open.pop()
    const above = open.at(-1)
    if (above) yield [placeOf(above), placeOf(folder)]
    open.push(folder)
  }
}

function* nameAndStar(patterns: readonly RefPattern[]): Generator<Overlap> {
  const starred = [...patterns.entries()].filter(([, { hasStar }]) => hasStar)
  if (starred.length === 0 || starred.length === patterns.length) return
  const index = new PatternIndex(starred.map(([at, pattern]) => ({ pattern, value: at })))
  for (const [at, { text, hasStar }] of patterns.entries()) {
    const star = hasStar ? undefined : index.find(text)
    if (star !== undefined) yield [star, at]
  }
}

/**
 * Two patterns with a `*` overlap where one's prefix begins with the other's, and one's suffix ends with the other's.
 * In the order of their prefixes, those whose prefix the present one begins with are a stack; among the suffixes on
 * that stack, those that begin or end alike are found by counting over ranges.
 */
function* twoStars(patterns: readonly RefPattern[]): Generator<Overlap> {
  const starred = [...patterns.entries()].filter(([, { hasStar }]) => hasStar)
  if (areApart(starred.map(([, { prefix }]) => prefix))) return
  if (areApart(starred.map(([, { suffix }]) => reverse(suffix)))) return
  const ordered = starred
    .map(([at, { prefix, suffix }]) => ({ at, prefix, suffix: reverse(suffix) }))
    .sort((a, b) => (a.prefix < b.prefix ? -1 : Number(a.prefix > b.prefix)))
  const suffixes = new PrefixForest(ordered.map(({ suffix }) => suffix))
  const open = new OpenRanges(suffixes.keys.length)
  const stack: { at: number; prefix: string; key: number }[] = []
  for (const { at, prefix, suffix } of ordered) {
    for (let top = stack.at(-1); top && !prefix.startsWith(top.prefix); top = stack.at(-1)) {
      open.add(top.key, suffixes.endOf(top.key), -1)
      stack.pop()
    }
    const key = suffixes.lowerBound(suffix)
    const end = suffixes.endOf(key)
    if (open.touches(key, end)) {
      const other = stack.find((one) => meet(suffixes, one.key, key))
      if (other) yield [other.at, at]
    } else {
      open.add(key, end, 1)
      stack.push({ at, prefix, key })
    }
  }
}

/** Whether no text begins with another one; what does would follow it at once. */
function areApart(texts: string[]): boolean {
  texts.sort()
  return texts.every((text, at) => at === 0 || !text.startsWith(texts[at - 1] as string))
}

/** Whether one key begins with the other. */
function meet(forest: PrefixForest, one: number, other: number): boolean {
  return one <= other ? other < forest.endOf(one) : one < forest.endOf(other)
}

/** Ranges that are either apart or one within the other, in Fenwick trees: each step costs a logarithm. */
class OpenRanges {
  readonly #starts: Int32Array
  readonly #ends: Int32Array

  constructor(size: number) {
    this.#starts = new Int32Array(size + 1)
    this.#ends = new Int32Array(size + 1)
  }

  add(start: number, end: number, count: 1 | -1): void {
    add(this.#starts, start, count)
    add(this.#ends, end - 1, count)
  }

  /** Whether an open range lies around this one or within it. */
  touches(start: number, end: number): boolean {
    // Those that have begun before `end`, less those that are over before `start`.
    return sum(this.#starts, end) > sum(this.#ends, start)
  }
}

function add(tree: Int32Array, at: number, count: number): void {
  for (let i = at + 1; i < tree.length; i += i & -i) tree[i] = (tree[i] as number) + count
}

/** Of the first `length` counts. */
function sum(tree: Int32Array, length: number): number {
  let total = 0
  for (let i = length; i > 0; i -= i & -i) total += tree[i] as number
  return total
}
