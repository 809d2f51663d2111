/** Looks for byte strings in a stream, however it is split into chunks. */
export class ByteSearch {
  readonly #needles: readonly Buffer[]
  /** Bytes that may be the beginning of a needle. */
  readonly #overlap: number
  #tail: Buffer = Buffer.alloc(0)
  #found = false

  constructor(needles: readonly Buffer[]) {
    this.#needles = needles
    this.#overlap = Math.max(1, ...needles.map(({ length }) => length)) - 1
  }

  /** Whether one of them was in what has passed. */
  get found(): boolean {
    return this.#found
  }

  observe(chunk: Buffer): void {
    if (this.#found || this.#needles.length === 0) return
    const border = Buffer.concat([this.#tail, chunk.subarray(0, this.#overlap)])
    this.#found = this.#needles.some((needle) => chunk.includes(needle) || border.includes(needle))
    const end = chunk.length < this.#overlap ? border : chunk
    // A copy: the reader of the chunk may overwrite it.
    this.#tail = Buffer.from(end.subarray(Math.max(0, end.length - this.#overlap)))
  }
}
