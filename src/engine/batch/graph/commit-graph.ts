import { GitSyncError } from '../../../errors.js'
import type { HistoryObject } from '../../../git/pack/history.js'
import { IdIndex } from '../../../git/refs/id-index.js'
import { SegmentedArray } from '../../../runtime/segmented-array.js'
import type { Pace } from '../../../runtime/yield.js'

const NONE = 0xffffffff
/** Marks a tag, in the place of a commit's number of parents. */
const TAG = 0xfffffffe

/** Commits, tags and the objects that they name: half a gigabyte, about six times the largest public histories. */
const MAX_OBJECTS = 10_000_000
/** Parents of commits, and targets of tags. */
const MAX_LINKS = 40_000_000

/** Commits and their parents, for histories of millions: ids are bytes, parents are numbers. About 50 bytes a commit. */
export class CommitGraph {
  readonly #ids: IdIndex
  /** Where a commit's parents begin in `#links`, or NONE for one that was only named as a parent. */
  readonly #first = new SegmentedArray((items) => new Uint32Array(items))
  /** For each commit its number of parents, then the parents; for each tag its mark, then its target. */
  readonly #links = new SegmentedArray((items) => new Uint32Array(items))
  readonly #most: { objects: number; links: number }
  #commits = 0

  constructor(idBytes: number, most = { objects: MAX_OBJECTS, links: MAX_LINKS }) {
    this.#ids = new IdIndex(idBytes)
    this.#most = most
  }

  /** How many commits were added. */
  get commits(): number {
    return this.#commits
  }

  /** One more than the highest number of an object, added or only named. */
  get size(): number {
    return this.#ids.size
  }

  /** Yields to the event loop, as a commit may have very many parents. @throws GitSyncError `pack_limit_exceeded` */
  async add(object: HistoryObject, pace: Pace): Promise<void> {
    const number = this.#intern(object.id)
    if (this.#first.at(number) !== NONE) return
    this.#first.set(number, this.#links.length)
    if (object.type === 'tag') {
      this.#links.push(TAG)
      this.#links.push(this.#intern(object.target))
      return
    }
    this.#links.push(object.parents.length)
    for (const parent of object.parents) {
      this.#links.push(this.#intern(parent))
      if (pace.spend()) await pace.turn()
    }
    this.#commits++
  }

  /** The number of a commit or tag that was added, or undefined. */
  find(id: string): number | undefined {
    const number = this.#ids.find(Buffer.from(id, 'hex'))
    return number === undefined || this.#first.at(number) === NONE ? undefined : number
  }

  id(number: number): string {
    return this.#ids.id(number)
  }

  /** Whether a number is that of a commit that was added. */
  hasCommit(number: number): boolean {
    return this.#first.at(number) !== NONE && !this.#isTag(number)
  }

  /** The object that a tag names; undefined for anything but a tag that was added. */
  target(number: number): number | undefined {
    if (this.#first.at(number) === NONE || !this.#isTag(number)) return undefined
    return this.#links.at(this.#first.at(number) + 1)
  }

  parentCount(commit: number): number {
    return this.#links.at(this.#first.at(commit))
  }

  /** The parent at a place; it may not have been added itself. */
  parent(commit: number, place: number): number {
    return this.#links.at(this.#first.at(commit) + 1 + place)
  }

  #isTag(number: number): boolean {
    return this.#links.at(this.#first.at(number)) === TAG
  }

  #intern(id: string): number {
    const number = this.#ids.intern(Buffer.from(id, 'hex'))
    if (number === this.#first.length) this.#first.push(NONE)
    if (this.#ids.size > this.#most.objects || this.#links.length > this.#most.links)
      throw tooLarge(this.#most)
    return number
  }
}

function tooLarge({ objects, links }: { objects: number; links: number }): GitSyncError {
  const message =
    `The source has a history of more than ${objects} commits or ${links} parents, ` +
    "which is the most that can be split into batches: sync fewer refs at a time, or raise the target's own limit."
  return new GitSyncError('pack_limit_exceeded', message)
}
