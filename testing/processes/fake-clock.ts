interface FakeTimer {
  action: () => void
  due: number
  delay: number
  repeats: boolean
  cleared: boolean
}

const NAMES = ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] as const

/** Timers and `performance.now()` that move only when told to. They are the real ones again after `restore`. */
export class FakeClock {
  now = 0
  readonly #timers = new Set<FakeTimer>()
  readonly #real = NAMES.map((name) => [name, globalThis[name]] as const)

  constructor() {
    const start = (repeats: boolean) => (action: () => void, delay: number) =>
      this.#start({ action, delay, due: 0, repeats, cleared: false })
    const clear = ({ timer }: FakeHandle) => {
      timer.cleared = true
      this.#timers.delete(timer)
    }
    const fakes = [start(false), start(true), clear, clear]
    for (const [index, name] of NAMES.entries()) {
      Object.defineProperty(globalThis, name, { value: fakes[index], configurable: true, writable: true })
    }
    Object.defineProperty(performance, 'now', { value: () => this.now, configurable: true })
  }

  /** Lets time pass, and runs what falls due in its order. */
  advance(milliseconds: number): void {
    const end = this.now + milliseconds
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.now = next.due
      if (next.repeats) next.due += next.delay
      else this.#timers.delete(next)
      next.action()
    }
    this.now = end
  }

  restore(): void {
    for (const [name, value] of this.#real) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
    }
    Reflect.deleteProperty(performance, 'now')
  }

  #next(end: number): FakeTimer | undefined {
    return [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0]
  }

  #start(timer: FakeTimer): FakeHandle {
    // As in Node, a timer that has fired can be refreshed, a cleared one cannot.
    const refresh = () => {
      if (timer.cleared) return handle
      timer.due = this.now + timer.delay
      this.#timers.add(timer)
      return handle
    }
    const handle: FakeHandle = { timer, refresh, ref: () => handle, unref: () => handle }
    return refresh()
  }
}

interface FakeHandle {
  timer: FakeTimer
  refresh(): FakeHandle
  ref(): FakeHandle
  unref(): FakeHandle
}
