/** A full ref name, or one with a single `*`, which stands for any text as in a git refspec. */
export class RefPattern {
  readonly text: string
  readonly #prefix: string
  readonly #suffix: string | undefined

  constructor(text: string) {
    this.text = text
    const star = text.indexOf('*')
    this.#prefix = star < 0 ? text : text.slice(0, star)
    this.#suffix = star < 0 ? undefined : text.slice(star + 1)
  }

  get hasStar(): boolean {
    return this.#suffix !== undefined
  }

  /** The text before the `*`, or all of it. */
  get prefix(): string {
    return this.#prefix
  }

  /** The text after the `*`; empty where there is none. */
  get suffix(): string {
    return this.#suffix ?? ''
  }

  /** The text that the `*` stands for in `name` (empty for an exact match), or `undefined`. */
  match(name: string): string | undefined {
    if (this.#suffix === undefined) return name === this.#prefix ? '' : undefined
    const fits =
      name.length >= this.#prefix.length + this.#suffix.length &&
      name.startsWith(this.#prefix) &&
      name.endsWith(this.#suffix)
    return fits ? name.slice(this.#prefix.length, name.length - this.#suffix.length) : undefined
  }

  /** The name with `star` in the place of the `*`. */
  expand(star: string): string {
    return this.#suffix === undefined ? this.#prefix : this.#prefix + star + this.#suffix
  }
}
