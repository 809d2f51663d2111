import type { Measurement, Stats } from '../../../schemas/result.js'
import { byteSize } from '../../runtime/units.js'
import { table } from './table.js'

/** The figures that --stats and --measure-memory ask for. */
export function* measuredText({
  stats,
  measurement,
}: {
  stats: Stats
  measurement: Measurement
}): Generator<string> {
  if (stats.enabled) {
    const head = ['REQUESTS', 'SENT', 'RECEIVED', 'WANTS', 'HAVES', 'COMMANDS', 'STEP']
    const rows = Object.values(stats.items).map((item) => [
      String(item.requests),
      byteSize(item.requestBytes),
      byteSize(item.responseBytes),
      String(item.wants),
      String(item.haves),
      String(item.commands),
      item.name,
    ])
    yield ''
    yield* table([head, ...rows])
    yield `in ${((stats.elapsedNanos ?? 0) / 1e9).toFixed(1)} s`
  }
  if (measurement.enabled) {
    const { peakRssBytes, peakAllocBytes, gcCount } = measurement
    yield `memory: ${byteSize(peakRssBytes)} resident at most, ${byteSize(peakAllocBytes)} allocated, ${gcCount} collections`
  }
}
