const SHOWN = 10

/** The first few of what may be millions, and how many there are: enough to tell a reader. */
export class Sample {
  readonly first: string[] = []
  #count = 0

  add(text: string): void {
    if (this.#count++ < SHOWN) this.first.push(text)
  }

  /** How many more there are than the first. */
  get others(): number {
    return this.#count - this.first.length
  }
}
