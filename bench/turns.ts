import { type Figure, figure } from './figure.js'
import { type Sample, valuesOf } from './measure.js'
import type { LongestTurn } from './processes/turn-watch.js'

const MOST_MS = 50

/** The longest turn as a part of a sample. */
export function turnOf({ held, cpu, collection }: LongestTurn): Sample {
  return { held, turnCpu: cpu, collection }
}

/** How long the event loop was held, and how much of it was work of its own thread. */
export function turnFigures(name: string, samples: readonly Sample[]): Figure[] {
  const budget = { of: 'worst', most: MOST_MS } as const
  const ms = (measure: string, key: string) => {
    return { case: name, measure, unit: 'ms', ours: valuesOf(samples, key) } as const
  }
  return [
    figure({ ...ms('event loop held', 'held'), budget }),
    figure({ ...ms('CPU of the longest turn', 'turnCpu'), budget }),
    figure(ms('longest garbage collection', 'collection')),
  ]
}
