import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Ends a run from outside: by a signal of the system, or at its deadline. */
export class RunEnding {
  /** The shell's exit status for the signal received. */
  status: number | undefined
  readonly #controller = new AbortController()
  readonly #onSignal = (name: NodeJS.Signals) => {
    this.status = 128 + constants.signals[name]
    // A second one ends the process at once.
    this.close()
    this.#controller.abort()
  }
  #timer: NodeJS.Timeout | undefined

  constructor() {
    for (const name of SIGNALS) process.on(name, this.#onSignal)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Sets the deadline, in milliseconds from now. */
  after(milliseconds: number): void {
    const late = () =>
      this.#controller.abort(new DOMException('GITSYNC_RUN_TIMEOUT has passed', 'TimeoutError'))
    this.#timer = setTimeout(late, milliseconds).unref()
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const name of SIGNALS) process.off(name, this.#onSignal)
  }
}
