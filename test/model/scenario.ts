import { Random } from '../../testing/random.js'
import { drawHistory, type History } from './history.js'
import { type DrawnRequest, drawRequest } from './request.js'
import { drawSource, drawTarget, type SideDraft } from './sides.js'

/** One case: what both sides hold, and what is asked for. */
export interface Scenario {
  seed: number
  objectFormat: 'sha1' | 'sha256'
  /** The source does not know protocol v2. */
  isDeaf: boolean
  history: History
  source: SideDraft
  target: SideDraft
  request: DrawnRequest
}

export function drawScenario(seed: number): Scenario {
  const random = new Random(seed)
  const history = drawHistory(random)
  const source = drawSource(random, history)
  const request = drawRequest(random, [...source.refs.keys()])
  return {
    seed,
    objectFormat: random.chance(0.15) ? 'sha256' : 'sha1',
    isDeaf: random.chance(0.15),
    history,
    source,
    target: drawTarget(random, history, source, request),
    request,
  }
}
