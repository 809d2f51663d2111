import type { TransferMode } from '../../../schemas/result.js'
import { byteSize } from '../../runtime/units.js'
import { type Summary, summarize } from './summary.js'
import { table } from './table.js'

/** One first sync. */
export interface Run {
  seconds: number
  /** Of this process, which serves the local repositories too. */
  idleRssBytes: number
  peakRssBytes: number
  refs: number
  pushes: number
  transferMode: TransferMode
  sourceBytes: number
  targetBytes: number
}

export interface RunsReport {
  source: string
  summary: Record<Figure, Summary>
  runs: Run[]
}

const FIGURES = ['seconds', 'idleRssBytes', 'peakRssBytes', 'pushes', 'sourceBytes', 'targetBytes'] as const
type Figure = (typeof FIGURES)[number]

/** Each figure over all runs. */
export function summarizeRuns(runs: readonly Run[]): Record<Figure, Summary> {
  const entries = FIGURES.map((figure) => [figure, summarize(runs.map((run) => run[figure]))])
  return Object.fromEntries(entries) as Record<Figure, Summary>
}

const LABELS: Record<Figure, string> = {
  seconds: 'time',
  idleRssBytes: 'memory before',
  peakRssBytes: 'peak memory, with the local git servers',
  pushes: 'pushes',
  sourceBytes: 'bytes exchanged with the source',
  targetBytes: 'bytes exchanged with the target',
}

/** The report as lines to read. */
export function* runsText({ source, summary, runs }: RunsReport): Generator<string> {
  const [first] = runs
  const modes = [...new Set(runs.map(({ transferMode }) => transferMode))].join(', ')
  yield `${runs.length} first syncs of ${source} (${first?.refs} refs, ${modes})`
  const rows = FIGURES.map((figure) => {
    const { median, min, max } = summary[figure]
    return [LABELS[figure], ...[median, min, max].map((value) => say(figure, value))]
  })
  yield* table([['', 'median', 'least', 'most'], ...rows])
}

function say(figure: Figure, value: number): string {
  if (figure === 'seconds') return `${value.toFixed(3)} s`
  if (figure === 'pushes') return String(value)
  return byteSize(value)
}
