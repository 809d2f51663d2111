import { closeSync, openSync, readSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'

/** The longest turn of the event loop, in milliseconds. */
export interface LongestTurn {
  /** On the clock: whatever else the machine does is part of it. */
  held: number
  /** By the CPU time of this thread alone; NaN where the system does not tell. */
  cpu: number
  /** The longest garbage collection: V8 waits in it for threads that help. */
  collection: number
}

/** Watches the turns of this thread's event loop from now on. */
export class TurnWatch {
  readonly #delay = monitorEventLoopDelay({ resolution: 1 })
  readonly #clock = openThreadClock()
  readonly #timer: NodeJS.Timeout
  readonly #observer: PerformanceObserver
  #cpu = Number.NaN
  #collection = 0

  constructor() {
    let last = this.#clock?.read() ?? Number.NaN
    // What lies between two ticks is at most a millisecond more than one turn.
    this.#timer = setInterval(() => {
      const now = this.#clock?.read() ?? Number.NaN
      if (!(this.#cpu >= now - last)) this.#cpu = now - last
      last = now
    }, 1)
    this.#observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.#collection = Math.max(this.#collection, duration)
    })
    this.#observer.observe({ entryTypes: ['gc'] })
    this.#delay.enable()
  }

  stop(): LongestTurn {
    this.#delay.disable()
    clearInterval(this.#timer)
    this.#observer.disconnect()
    this.#clock?.close()
    return { held: this.#delay.max / 1e6, cpu: this.#cpu, collection: this.#collection }
  }
}

/** Milliseconds of CPU of the main thread; Linux has them in a file. */
function openThreadClock() {
  const buffer = Buffer.alloc(64)
  try {
    const file = openSync('/proc/self/schedstat', 'r')
    const read = () =>
      Number.parseInt(buffer.toString('latin1', 0, readSync(file, buffer, 0, 64, 0)), 10) / 1e6
    return { read, close: () => closeSync(file) }
  } catch {
    return undefined
  }
}
