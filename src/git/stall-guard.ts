/**
 * Calls `onStall` when one wait lasts longer than `milliseconds`. Armed only while we wait for the remote, so
 * that a slow other side is never taken for a stall of this one.
 */
export class StallGuard {
  readonly #timer: NodeJS.Timeout
  #armed = false

  constructor(milliseconds: number, onStall: () => void) {
    this.#timer = setTimeout(() => {
      if (this.#armed) onStall()
    }, milliseconds).unref()
  }

  arm(): void {
    this.#armed = true
    this.#timer.refresh()
  }

  disarm(): void {
    this.#armed = false
  }

  close(): void {
    this.#armed = false
    clearTimeout(this.#timer)
  }
}
