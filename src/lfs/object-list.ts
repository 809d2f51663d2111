import { IdIndex } from '../git/refs/id-index.js'
import { SegmentedArray } from '../runtime/segmented-array.js'
import type { Pointer } from './pointer.js'

const OID_BYTES = 32

/** What is known of an object, as far as it has been found out. */
export const STATES = ['named', 'present', 'lacking', 'moved', 'failed'] as const
export type ObjectState = (typeof STATES)[number]

/**
 * The objects that pointers name, each once, for millions of them: 41 bytes an object, and some for finding it again. They have numbers, in
 * the order in which they came.
 */
export class ObjectList {
  readonly #oids = new IdIndex(OID_BYTES)
  readonly #sizes = new SegmentedArray((items) => new Float64Array(items))
  readonly #states = new SegmentedArray((items) => new Uint8Array(items))
  #bytes = 0
  readonly #counts = STATES.map(() => ({ objects: 0, bytes: 0 }))

  get length(): number {
    return this.#oids.size
  }

  /** Of all objects together. */
  get bytes(): number {
    return this.#bytes
  }

  /** An object that is there already stays as it is, whatever size another pointer gives it. */
  add({ oid, size }: Pointer): void {
    const before = this.#oids.size
    const number = this.#oids.intern(Buffer.from(oid, 'hex'))
    if (number < before) return
    this.#sizes.push(size)
    this.#states.push(STATES.indexOf('named'))
    this.#bytes += size
    this.#count('named', 1, size)
  }

  at(number: number): Pointer {
    return { oid: this.#oids.id(number), size: this.#sizes.at(number) }
  }

  state(number: number): ObjectState {
    return STATES[this.#states.at(number)] as ObjectState
  }

  /** How many objects are in a state, and how many bytes those have. */
  count(state: ObjectState): { objects: number; bytes: number } {
    return this.#counts[STATES.indexOf(state)] as { objects: number; bytes: number }
  }

  setState(number: number, state: ObjectState): void {
    const { size } = this.at(number)
    this.#count(this.state(number), -1, size)
    this.#count(state, 1, size)
    this.#states.set(number, STATES.indexOf(state))
  }

  #count(state: ObjectState, sign: 1 | -1, size: number): void {
    const count = this.count(state)
    count.objects += sign
    count.bytes += sign * size
  }

  /** The numbers of objects in a state, in order, a few at a time: none that has come to be in it behind the place that was reached. */
  *inChunks(state: ObjectState, size: number): Generator<number[]> {
    let chunk: number[] = []
    for (let number = 0; number < this.length; number++) {
      if (this.state(number) !== state) continue
      chunk.push(number)
      if (chunk.length < size) continue
      yield chunk
      chunk = []
    }
    if (chunk.length > 0) yield chunk
  }
}
