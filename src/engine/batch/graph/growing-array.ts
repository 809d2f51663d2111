const SEGMENT = 1 << 14

/** Millions of unsigned 32-bit numbers, in segments so that growing copies nothing. */
export class GrowingArray {
  readonly #segments: Uint32Array[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    const at = this.#length++
    if (at % SEGMENT === 0) this.#segments.push(new Uint32Array(SEGMENT))
    this.set(at, value)
  }

  at(index: number): number {
    return (this.#segments[Math.floor(index / SEGMENT)] as Uint32Array)[index % SEGMENT] as number
  }

  set(index: number, value: number): void {
    ;(this.#segments[Math.floor(index / SEGMENT)] as Uint32Array)[index % SEGMENT] = value
  }
}
