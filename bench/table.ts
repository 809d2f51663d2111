import Table from 'cli-table3'
import type { Figure, Unit } from './figure.js'
import type { Summary } from './measure.js'

const HEAD = ['case', 'figure', 'git-sync', 'baseline', '', 'ratio', 'budget', 'met']

/** The figures as people read them: median, and the spread behind it. */
export function drawTable(figures: readonly Figure[]): string {
  const table = new Table({ head: HEAD, style: { head: [], border: [], compact: true } })
  for (const figure of figures) table.push(row(figure))
  return table.toString()
}

function row({ baseline, ratio, budget, ...figure }: Figure): string[] {
  return [
    figure.case,
    figure.measure,
    say(figure, figure.unit),
    baseline?.name ?? '',
    baseline ? say(baseline, figure.unit) : '',
    ratio ? say(ratio, 'ratio') : '',
    budget
      ? `${bound(budget)} ${{ ratio: 'times', worst: `${figure.unit} at worst`, median: figure.unit }[budget.of]}`
      : '',
    budget ? (budget.met ? 'yes' : 'NO') : '',
  ]
}

function bound({ most, least }: { most?: number; least?: number }): string {
  return [least !== undefined && `>= ${short(least)}`, most !== undefined && `<= ${short(most)}`]
    .filter(Boolean)
    .join(', ')
}

function say({ median, min, max }: Summary, unit: Unit): string {
  const spread = min === max ? '' : ` (${short(min)}..${short(max)})`
  const suffix = unit === 'ratio' || unit === 'count' ? '' : ` ${unit}`
  return `${short(median)}${suffix}${spread}`
}

/** Three digits that count, and never an exponent. */
function short(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}
