import { table } from '../src/cli/output/table.js'
import type { Budget, Figure, Unit } from './figure.js'
import type { Summary } from './measure.js'
import { KIB, MIB } from './units.js'

const HEAD = ['case', 'figure', 'git-sync', 'baseline', '', 'ratio', 'budget', 'met']

/** The figures as people read them: median, and the spread behind it. */
export function drawTable(figures: readonly Figure[]): string {
  return [...table([HEAD, ...figures.map(row)])].join('\n')
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
    least !== undefined && `>= ${say({ median: least, min: least, max: least }, side)}`,
    most !== undefined && `<= ${say({ median: most, min: most, max: most }, side)}`,
  ]
  return bounds.filter(Boolean).join(', ') + (of === 'ratio' ? ' times' : '')
}

function say({ median, min, max }: Summary, unit: Unit): string {
  const { size, name } = scaleOf(median, unit)
  const [middle, low, high] = [median, min, max].map((value) => short(value / size))
  return `${middle}${name}${low === high ? '' : ` (${low}..${high})`}`
}

/** Bytes of a pack and bytes of a repository are both to be read. */
function scaleOf(value: number, unit: Unit): { size: number; name: string } {
  if (unit === 'ratio' || unit === 'count') return { size: 1, name: '' }
  if (unit === 'B' && Math.abs(value) >= 10 * MIB) return { size: MIB, name: ' MiB' }
  if (unit === 'B' && Math.abs(value) >= 10 * KIB) return { size: KIB, name: ' KiB' }
  return { size: 1, name: ` ${unit}` }
}

/** Three digits that count, and never an exponent. */
function short(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}
