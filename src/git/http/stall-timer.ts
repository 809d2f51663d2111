/**
 * Calls `onStall` when one wait for the remote lasts longer than `milliseconds`. It runs only during such waits, so that a
 * slow other side is never mistaken for a stall of this one.
 */
export class StallTimer {
  readonly #timer: NodeJS.Timeout
  #isWaiting = false
  #isPaused = false

  constructor(milliseconds: number, onStall: () => void) {
    this.#timer = setTimeout(() => {
      if (this.#isWaiting && !this.#isPaused) onStall()
    }, milliseconds).unref()
  }

  /** A wait begins. */
  start(): void {
    this.#isWaiting = true
    this.#timer.refresh()
  }

  /** The wait is over. */
  stop(): void {
    this.#isWaiting = false
  }

  /** Until `resume` no wait counts, whether it has begun or begins: the remote needs something from us first. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#timer.refresh()
  }

  close(): void {
    this.#isWaiting = false
    clearTimeout(this.#timer)
  }
}
