import { ratios, type Summary, summarize } from './measure.js'

export type Unit = 's' | 'ms' | 'MiB/s' | 'MiB' | 'B' | 's/GiB' | '/s' | 'ratio' | 'count'

/** A line of the table: what git-sync does, beside what a user would do instead. */
export interface Figure extends Summary {
  /** What was done. */
  case: string
  /** What was measured of it. */
  measure: string
  unit: Unit
  rounds: number
  baseline?: Summary & { name: string }
  ratio?: Summary
  budget?: Budget & { met: boolean }
}

/** What must be reached: by the median, by the worst round, or by the ratio to the baseline, each round its own. */
export interface Budget {
  of: 'median' | 'worst' | 'ratio'
  most?: number
  least?: number
}

export interface Measured {
  case: string
  measure: string
  unit: Unit
  ours: readonly number[]
  baseline?: { name: string; values: readonly number[] }
  budget?: Budget
}

/** Puts what was measured beside its baseline and its budget. */
export function figure({ ours, baseline, budget, ...names }: Measured): Figure {
  const values = summarize(ours)
  const ratio = baseline && summarize(ratios(ours, baseline.values))
  return {
    ...names,
    ...values,
    rounds: ours.length,
    ...(baseline && { baseline: { name: baseline.name, ...summarize(baseline.values) } }),
    ...(ratio && { ratio }),
    ...(budget && { budget: { ...budget, met: isMet(budget, values, ratio) } }),
  }
}

function isMet({ of, most, least }: Budget, values: Summary, ratio: Summary | undefined): boolean {
  if (of === 'ratio' && !ratio) throw new Error('a budget of a ratio needs a baseline')
  const { median, min, max } = of === 'ratio' ? (ratio as Summary) : values
  const isWorst = of === 'worst'
  return (
    (isWorst ? max : median) <= (most ?? Number.POSITIVE_INFINITY) &&
    (isWorst ? min : median) >= (least ?? Number.NEGATIVE_INFINITY)
  )
}
