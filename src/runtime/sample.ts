/** The first few of what may be millions, and how many more there are: enough to report. */
export class Sample {
  readonly first: string[] = []
  readonly #shown: number
  #count = 0

  /** @param shown how many are kept */
  constructor(shown: number) {
    this.#shown = shown
  }

  add(text: string): void {
    if (this.#count++ < this.#shown) this.first.push(text)
  }

  /** How many more there are than the first. */
  get others(): number {
    return this.#count - this.first.length
  }
}
