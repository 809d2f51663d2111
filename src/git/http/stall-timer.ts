/**
 * Calls `onStall` when one wait lasts longer than `milliseconds`. Armed only while we wait for the remote, so
 * that a slow other side is never taken for a stall of this one.
 */
export class StallTimer {
  readonly #timer: NodeJS.Timeout
  #armed = false
  #held = false

  constructor(milliseconds: number, onStall: () => void) {
    this.#timer = setTimeout(() => {
      if (this.#armed && !this.#held) onStall()
    }, milliseconds).unref()
  }

  arm(): void {
    this.#armed = true
    this.#timer.refresh()
  }

  disarm(): void {
    this.#armed = false
  }

  /** Waits no more, armed or not, until `release`: something else has to happen first. */
  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
    this.#timer.refresh()
  }

  close(): void {
    this.#armed = false
    clearTimeout(this.#timer)
  }
}
