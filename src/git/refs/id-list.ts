import { SegmentedArray } from '../../runtime/segmented-array.js'
import { keyedHash } from './keyed-hash.js'

/** Object ids by number, for millions of them. */
export class IdList {
  readonly idBytes: number
  readonly #bytes: SegmentedArray<Buffer>

  constructor(idBytes: number) {
    this.idBytes = idBytes
    this.#bytes = new SegmentedArray((items) => Buffer.allocUnsafeSlow(items * idBytes))
  }

  get length(): number {
    return this.#bytes.length
  }

  /** The new id's number. */
  push(id: Buffer): number {
    const number = this.#bytes.grow()
    this.set(number, id)
    return number
  }

  set(number: number, id: Buffer): void {
    id.copy(this.#bytes.segment(number), this.#start(number))
  }

  at(number: number): string {
    const start = this.#start(number)
    return this.#bytes.segment(number).toString('hex', start, start + this.idBytes)
  }

  equals(number: number, id: Buffer): boolean {
    const start = this.#start(number)
    return this.#bytes.segment(number).compare(id, 0, this.idBytes, start, start + this.idBytes) === 0
  }

  /** As `keyedHash` has it for the same id. */
  hash(number: number): number {
    return keyedHash(this.#bytes.segment(number), this.#start(number), this.idBytes)
  }

  #start(number: number): number {
    return this.#bytes.place(number) * this.idBytes
  }
}
