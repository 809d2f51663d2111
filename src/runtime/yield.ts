import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers'

// All runs of a process share one event loop, so this state belongs to the process. Code that works for long, or sends one
// more request, asks here whether it may go on in this turn of the loop.
//
// Invariant: in one turn, work is done for 5 ms at most, plus the last piece; pieces that wait are resumed in the order in
// which they came, each with all that it does before it waits again, and none that comes later overtakes them.

/** Milliseconds of work in one turn of the event loop. */
const LONGEST = 5
/** Microseconds of work between two looks at the clock. */
const UNWATCHED = 500

/** Pieces of work that wait for a turn, in order. While there are any, others that come wait behind them. */
const waiting: (() => void)[] = []
/** When the work of the present turn began; undefined before any has. */
let began: number | undefined

/**
 * Resolves at once while the event loop's turn is young, else in a later turn, first come, first served.
 *
 * @throws the signal's reason, once it is aborted
 */
export async function yieldToEventLoop(signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  if (began === undefined) startTurn()
  else if (waiting.length > 0 || isOver()) {
    await new Promise<void>((resolve) => waiting.push(resolve))
    signal?.throwIfAborted()
  }
}

/**
 * The pace of one piece of long work, whose length a remote or caller may choose: it counts the cost of what is
 * done, not items, and ends the work with its run.
 *
 *     const pace = new Pace(signal)
 *     for (const item of items) {
 *       work(item)
 *       if (pace.spend(costOf(item))) await pace.turn()
 *     }
 */
export class Pace {
  readonly #signal: AbortSignal | undefined
  #spent = 0

  constructor(signal?: AbortSignal) {
    this.#signal = signal
  }

  /** Counts work by the microseconds that it takes, roughly; true where `turn` is to be awaited before more. */
  spend(microseconds = 1): boolean {
    this.#spent += microseconds
    return this.#spent >= UNWATCHED
  }

  /** @throws the signal's reason, once it is aborted */
  turn(): Promise<void> {
    this.#spent = 0
    return yieldToEventLoop(this.#signal)
  }
}

export interface PaceOptions<T> {
  /** Ends the work. */
  signal?: AbortSignal | undefined
  /** Microseconds that an item takes, roughly; 1. */
  cost?: number | ((item: T) => number)
}

/** Microseconds that it takes to look at a name closely, as to match it against patterns. */
export function costOfName(name: string): number {
  return 1 + name.length / 64
}

/** Does the same to each of many items, while other work gets its turns. @throws the signal's reason, once it is aborted */
export async function forEachYielding<T>(
  items: Iterable<T>,
  work: (item: T) => void,
  { signal, cost = 1 }: PaceOptions<T> = {},
): Promise<void> {
  const pace = new Pace(signal)
  for (const item of items) {
    if (pace.spend(typeof cost === 'number' ? cost : cost(item))) await pace.turn()
    work(item)
  }
}

/** The items that pass, found while other work gets its turns. */
export async function filterYielding<T>(
  items: Iterable<T>,
  test: (item: T) => boolean,
  options?: PaceOptions<T>,
): Promise<T[]> {
  const passed: T[] = []
  const keep = (item: T) => {
    if (test(item)) passed.push(item)
  }
  await forEachYielding(items, keep, options)
  return passed
}

function startTurn(): void {
  began = performance.now()
  setImmediate(nextTurn)
}

function isOver(): boolean {
  return performance.now() - (began ?? 0) >= LONGEST
}

async function nextTurn(): Promise<void> {
  began = undefined
  if (waiting.length === 0) return
  startTurn()
  // Ticks queued outside of microtasks run before them; this await moves the loop into the microtasks, which all run first.
  await Promise.resolve()
  while (waiting.length > 0 && !isOver()) {
    waiting.shift()?.()
    // A tick comes when no microtask is left: what was resumed has then done its piece, and the clock says what remains.
    await new Promise(process.nextTick)
  }
}
