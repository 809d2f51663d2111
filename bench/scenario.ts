import type { Cleanup } from '../testing/cleanup.js'
import type { Figure } from './figure.js'

/** What a scenario is given. */
export interface Bench {
  /** Smaller sizes, for a look in passing. */
  quick: boolean
  rounds: number
  /** Where CPU profiles of the product's process are written. */
  profiles?: string
  /** The program of the Go project, if one is given. */
  go?: string
  /** What is added is ended with the scenario. */
  cleanup: Cleanup
}

export interface Scenario {
  number: number
  title: string
  run(bench: Bench): Promise<Figure[]>
}
