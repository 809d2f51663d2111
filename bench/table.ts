import Table from 'cli-table3'
import type { Budget, Figure, Unit } from './figure.js'
import type { Summary } from './measure.js'
import { KIB, MIB } from './units.js'

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
    budget ? sayBudget(budget, figure.unit) : '',
    budget ? (budget.met ? 'yes' : 'NO') : '',
  ]
}

function sayBudget({ of, most, least }: Budget, unit: Unit): string {
  const side = of === 'ratio' ? 'ratio' : unit
  const bounds = [
    least !== undefined && `>= ${sayValue(least, side)}`,
    most !== undefined && `<= ${sayValue(most, side)}`,
  ]
  return bounds.filter(Boolean).join(', ') + (of === 'ratio' ? ' times' : '')
}

function say({ median, min, max }: Summary, unit: Unit): string {
  const [low, high] = [sayValue(min, unit), sayValue(max, unit)]
  return low === high ? sayValue(median, unit) : `${sayValue(median, unit)} (${low} .. ${high})`
}

function sayValue(value: number, unit: Unit): string {
  if (unit === 'ratio' || unit === 'count') return short(value)
  if (unit === 'B' && Math.abs(value) >= 10 * MIB) return `${short(value / MIB)} MiB`
  if (unit === 'B' && Math.abs(value) >= 10 * KIB) return `${short(value / KIB)} KiB`
  return `${short(value)} ${unit}`
}

/** Three digits that count, and never an exponent. */
function short(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}
