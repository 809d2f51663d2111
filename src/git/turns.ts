import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers'

// One event loop serves all runs: whoever has long work to do, or one more request to send, asks for its turn here.

/** Most milliseconds that work takes of one turn of the event loop. */
const LONGEST = 5
const AT_ONCE = 512

const waiting: (() => void)[] = []
/** When the work of the present turn began; undefined before any has. */
let began: number | undefined

/** Goes on at once while the event loop's turn is young, else in one of the next, first come, first served. */
export async function takeTurn(): Promise<void> {
  if (began === undefined) startTurn()
  else if (waiting.length > 0 || isOver()) await new Promise<void>((resolve) => waiting.push(resolve))
}

/** Does the same to each of many items, in turns with others. */
export async function eachInTurns<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
  let count = 0
  for (const item of items) {
    if (++count % AT_ONCE === 0) await takeTurn()
    work(item)
  }
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
  // The loop runs among the microtasks: only then do ticks come after them.
  await Promise.resolve()
  while (waiting.length > 0 && !isOver()) {
    waiting.shift()?.()
    // Ticks come after all that is ready: whoever has waited works first, the next has what is left of the turn.
    await new Promise(process.nextTick)
  }
}
