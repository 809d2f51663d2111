import { numberFromEnv, runProgram, say, usageStatus } from '../testing/program.js'
import { removeFolder, temporaryFolder } from '../testing/temporary-folder.js'
import { runCases } from './crew.js'
import type { Verdict } from './stage.js'

const USAGE = `npm run fuzz

Damages responses of git servers in every way, one response a run, and checks how each run ends.

  GITSYNC_FUZZ_CASES=10000   how many cases
  GITSYNC_FUZZ_SEED=1        what decides the damage; the same seed gives the same cases
  GITSYNC_FUZZ_FROM=0        the first case; to repeat case 17 alone: FROM=17 CASES=1
`

const WORKERS = 2
const LANES = 12
const MOST_PRINTED = 200
const MOST_LINES = 3

/** Runs the cases, prints each fault and how the runs ended, and gives the exit status. */
async function main(): Promise<number> {
  const status = usageStatus(USAGE)
  if (status !== undefined) return status
  const [count, seed, from] = [setting('CASES', 10_000), setting('SEED', 1), setting('FROM', 0)]
  say(`${count} cases from ${from} on, seed ${seed}`)
  const root = await temporaryFolder()
  const began = performance.now()
  const tally = new Tally()
  try {
    const cases = Array.from({ length: count }, (_, index) => from + index).values()
    const options = { root, seed, lanes: LANES, cases, onVerdict: (verdict: Verdict) => tally.add(verdict) }
    await Promise.all(Array.from({ length: Math.min(WORKERS, count) }, () => runCases(options)))
  } finally {
    await removeFolder(root)
  }
  say(`${tally.count} runs in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  for (const [outcome, number] of tally.outcomes) say(`${String(number).padStart(7)}  ${outcome}`)
  say(tally.faulty === 0 ? 'no faults' : `${tally.faulty} runs with faults`)
  return tally.faulty === 0 && tally.count === count ? 0 : 1
}

class Tally {
  count = 0
  faulty = 0
  readonly #outcomes: Record<string, number> = {}

  add({ number, what, outcome, faults }: Verdict): void {
    if (outcome !== 'lost') this.count++
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1
    if (faults.length === 0) return
    if (++this.faulty <= MOST_PRINTED)
      say(`FAULT in case ${number} (${what}):\n  ${faults.slice(0, MOST_LINES).join('\n  ')}`)
  }

  get outcomes(): [string, number][] {
    return Object.entries(this.#outcomes).sort(([, a], [, b]) => b - a)
  }
}

const setting = (name: string, fallback: number) => numberFromEnv(`GITSYNC_FUZZ_${name}`, fallback, 0)

runProgram(main)
