/** Most milliseconds of work before the event loop gets its turn. */
const LONGEST = 10

/** Long work in pieces: between them it asks whether others have waited long enough. */
export class Turns {
  #began = performance.now()

  /** Lets the event loop go round once, where its last turn was long enough ago. */
  async pause(): Promise<void> {
    if (performance.now() - this.#began < LONGEST) return
    await new Promise(setImmediate)
    this.#began = performance.now()
  }
}

const AT_ONCE = 512

/** Does the same to each of many items, in turns with others. */
export async function eachInTurns<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
  const turns = new Turns()
  let count = 0
  for (const item of items) {
    if (++count % AT_ONCE === 0) await turns.pause()
    work(item)
  }
}
