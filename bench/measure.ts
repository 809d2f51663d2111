export { type Summary, summarize } from '../src/cli/output/summary.js'

/** What one run of a contender gave, by figure. */
export type Sample = Record<string, number>

/** Round by round, so that what slows a round down slows both sides of its ratio. */
export function ratios(ours: readonly number[], baseline: readonly number[]): number[] {
  if (ours.length !== baseline.length) throw new RangeError('the two sides were not measured together')
  return ours.map((value, round) => value / (baseline[round] as number))
}

/** Runs all contenders in every round, each round beginning with the next of them. */
export async function alternate<Name extends string>(
  rounds: number,
  contenders: Record<Name, () => Promise<Sample>>,
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(contenders) as Name[]
  const samples = Object.fromEntries(names.map((name): [Name, Sample[]] => [name, []])) as Record<
    Name,
    Sample[]
  >
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] as Name
      samples[name].push(await contenders[name]())
    }
  }
  return samples
}

/** One figure of all rounds. */
export function valuesOf(samples: readonly Sample[], figure: string): number[] {
  return samples.map((sample) => {
    const value = sample[figure]
    if (value === undefined) throw new Error(`${figure} was not measured`)
    return value
  })
}

/** Seconds that something takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}
