import bytes from 'bytes-iec'
import Table from 'cli-table3'
import type { TransferMode } from '../../schemas/result.js'
import { type Summary, summarize } from './summary.js'

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

/** The runs as people read them. */
export function drawRuns({ source, summary, runs }: RunsReport): string {
  const table = new Table({
    head: ['', 'median', 'least', 'most'],
    style: { head: [], border: [], compact: true },
  })
  for (const figure of FIGURES) {
    const { median, min, max } = summary[figure]
    table.push([LABELS[figure], ...[median, min, max].map((value) => say(figure, value))])
  }
  const [first] = runs
  const modes = [...new Set(runs.map(({ transferMode }) => transferMode))].join(', ')
  const title = `${runs.length} first syncs of ${source} (${first?.refs} refs, ${modes})`
  return `${title}\n${table.toString()}`
}

function say(figure: Figure, value: number): string {
  if (figure === 'seconds') return `${value.toFixed(3)} s`
  if (figure === 'pushes') return String(value)
  return bytes(value, { mode: 'binary', unitSeparator: ' ' }) ?? String(value)
}
