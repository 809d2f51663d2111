import { keyedHash } from './keyed-hash.js'

const SEGMENT = 1 << 14

/** Object ids by number, for millions of them: in segments of bytes, so that to grow copies nothing. */
export class IdList {
  readonly idBytes: number
  readonly #segments: Buffer[] = []
  #length = 0

  constructor(idBytes: number) {
    this.idBytes = idBytes
  }

  get length(): number {
    return this.#length
  }

  /** The new id's number. */
  push(id: Buffer): number {
    const number = this.#length++
    if (number % SEGMENT === 0) this.#segments.push(Buffer.allocUnsafeSlow(SEGMENT * this.idBytes))
    this.set(number, id)
    return number
  }

  set(number: number, id: Buffer): void {
    id.copy(this.#segment(number), this.#start(number))
  }

  at(number: number): string {
    const start = this.#start(number)
    return this.#segment(number).toString('hex', start, start + this.idBytes)
  }

  equals(number: number, id: Buffer): boolean {
    const start = this.#start(number)
    return this.#segment(number).compare(id, 0, this.idBytes, start, start + this.idBytes) === 0
  }

  /** As `keyedHash` has it for the same id. */
  hash(number: number): number {
    return keyedHash(this.#segment(number), this.#start(number), this.idBytes)
  }

  #segment(number: number): Buffer {
    return this.#segments[Math.floor(number / SEGMENT)] as Buffer
  }

  #start(number: number): number {
    return (number % SEGMENT) * this.idBytes
  }
}
