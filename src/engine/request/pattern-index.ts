import { PrefixForest } from './prefix-forest.js'
import type { RefPattern } from './ref-pattern.js'

interface Entry<T> {
  pattern: RefPattern
  value: T
}

/**
 * Finds the patterns that match a name in about the time that it takes to read the name, however many there are: a
 * request may name tens of thousands, and a remote list a million refs.
 */
export class PatternIndex<T> {
  /** Exact names and what they map to. */
  readonly #exact = new Map<string, T[]>()
  readonly #prefixes: PrefixForest
  /** By prefix: what comes after the `*`. */
  readonly #suffixes: SuffixIndex<T>[]
  /** Without any, no name needs to be reversed. */
  readonly #hasSuffixes: boolean

  constructor(entries: readonly Entry<T>[]) {
    const starred = new Map<string, Entry<T>[]>()
    for (const entry of entries) {
      const { pattern, value } = entry
      if (pattern.hasStar) append(starred, pattern.prefix, entry)
      else append(this.#exact, pattern.text, value)
    }
    this.#prefixes = new PrefixForest(starred.keys())
    this.#suffixes = this.#prefixes.keys.map((prefix) => new SuffixIndex(starred.get(prefix) ?? []))
    this.#hasSuffixes = entries.some(({ pattern }) => pattern.suffix !== '')
  }

  /** What the patterns that match a name map to. */
  *matches(name: string): Generator<T, void> {
    yield* this.#exact.get(name) ?? []
    let reversed = ''
    for (const at of this.#prefixes.prefixesOf(name)) {
      if (this.#hasSuffixes && reversed === '') reversed = reverse(name)
      const room = name.length - (this.#prefixes.keys[at] as string).length
      yield* (this.#suffixes[at] as SuffixIndex<T>).matches(reversed, room)
    }
  }

  /** One of them. */
  find(name: string): T | undefined {
    for (const value of this.matches(name)) return value
    return undefined
  }
}

/** Of one prefix: the suffixes, reversed, so that they are prefixes too. */
class SuffixIndex<T> {
  /** Of patterns that end with their `*`. */
  readonly #plain: readonly T[]
  readonly #values = new Map<string, T[]>()
  #forest: PrefixForest | undefined

  constructor(entries: readonly Entry<T>[]) {
    this.#plain = entries.filter(({ pattern }) => pattern.suffix === '').map(({ value }) => value)
    for (const { pattern, value } of entries) {
      if (pattern.suffix !== '') append(this.#values, reverse(pattern.suffix), value)
    }
  }

  *matches(reversed: string, room: number): Generator<T, void> {
    yield* this.#plain
    if (this.#values.size === 0) return
    this.#forest ??= new PrefixForest(this.#values.keys())
    for (const at of this.#forest.prefixesOf(reversed)) {
      const suffix = this.#forest.keys[at] as string
      if (suffix.length <= room) yield* this.#values.get(suffix) ?? []
    }
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key)
  if (values) values.push(value)
  else map.set(key, [value])
}

/** By code units, as names are compared. */
export function reverse(text: string): string {
  if (text.length < 2) return text
  return text.split('').reverse().join('')
}
