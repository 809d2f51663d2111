import { Pace } from './yield.js'

/** Items that are sorted at once: short enough for a part of a turn. */
const AT_ONCE = 512

/**
 * The items in order, equal ones as they came. Lists of refs are mostly sorted already, in few parts, which is noticed
 * in one pass: parts that ascend are merged.
 */
export async function sortInTurns<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  signal?: AbortSignal,
): Promise<T[]> {
  const pace = new Pace(signal)
  const runs = await ascendingRuns(items, compare, pace)
  while (runs.length > 1) {
    const pairs = Math.floor(runs.length / 2)
    for (let pair = 0; pair < pairs; pair++) {
      runs[pair] = await merge(runs[2 * pair] as T[], runs[2 * pair + 1] as T[], compare, pace)
    }
    if (runs.length % 2 === 1) runs[pairs] = runs.at(-1) as T[]
    runs.length = Math.ceil(runs.length / 2)
  }
  return runs[0] ?? []
}

async function ascendingRuns<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  pace: Pace,
): Promise<T[][]> {
  const runs: T[][] = []
  for (let start = 0; start < items.length; ) {
    let end = start + 1
    while (end < items.length && compare(items[end - 1] as T, items[end] as T) <= 0) {
      end++
      if (pace.spend()) await pace.turn()
    }
    if (end - start < AT_ONCE) end = Math.min(start + AT_ONCE, items.length)
    const run = items.slice(start, end)
    if (run.length <= AT_ONCE) run.sort(compare)
    runs.push(run)
    start = end
    if (pace.spend(AT_ONCE)) await pace.turn()
  }
  return runs
}

async function merge<T>(a: T[], b: T[], compare: (a: T, b: T) => number, pace: Pace): Promise<T[]> {
  // At its full length from the start: to grow would copy it again and again.
  const merged = new Array<T>(a.length + b.length)
  let [atA, atB] = [0, 0]
  for (let at = 0; at < merged.length; at++) {
    const isFirst = atB === b.length || (atA < a.length && compare(a[atA] as T, b[atB] as T) <= 0)
    merged[at] = (isFirst ? a[atA++] : b[atB++]) as T
    if (pace.spend(0.5)) await pace.turn()
  }
  return merged
}
