import type { Commit } from '../../git/history.js'
import { GrowingArray } from './growing-array.js'
import { IdIndex } from './id-index.js'

const NONE = 0xffffffff

/** Commits and their parents, for histories of millions: ids are bytes, parents are numbers. About 50 bytes a commit. */
export class CommitGraph {
  readonly #ids: IdIndex
  /** Where a commit's parents begin in `#parents`, or NONE for one that was only named as a parent. */
  readonly #first = new GrowingArray()
  /** Each commit's count of parents, and those. */
  readonly #parents = new GrowingArray()
  #commits = 0

  constructor(idBytes: number) {
    this.#ids = new IdIndex(idBytes)
  }

  /** How many commits were added. */
  get commits(): number {
    return this.#commits
  }

  /** One more than the highest number of a commit or of a parent that was only named. */
  get size(): number {
    return this.#ids.size
  }

  add({ id, parents }: Commit): void {
    const commit = this.#intern(id)
    if (this.has(commit)) return
    const numbers = parents.map((parent) => this.#intern(parent))
    this.#first.set(commit, this.#parents.length)
    this.#parents.push(numbers.length)
    for (const number of numbers) this.#parents.push(number)
    this.#commits++
  }

  /** The number of a commit that was added, or undefined. */
  find(id: string): number | undefined {
    const number = this.#ids.find(Buffer.from(id, 'hex'))
    return number === undefined || !this.has(number) ? undefined : number
  }

  id(commit: number): string {
    return this.#ids.id(commit)
  }

  /** Whether a number is that of a commit that was added. */
  has(number: number): boolean {
    return this.#first.at(number) !== NONE
  }

  parentCount(commit: number): number {
    return this.#parents.at(this.#first.at(commit))
  }

  /** The parent at a place; it may be one that `has` does not know. */
  parent(commit: number, place: number): number {
    return this.#parents.at(this.#first.at(commit) + 1 + place)
  }

  #intern(id: string): number {
    const number = this.#ids.intern(Buffer.from(id, 'hex'))
    if (number === this.#first.length) this.#first.push(NONE)
    return number
  }
}
