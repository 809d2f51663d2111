import type { SyncRequest } from '../src/index.js'
import type { Random } from '../testing/random.js'
import type { CallerKind } from './caller.js'
import { drawFaults, type Fault } from './faults.js'
import type { Pool } from './pool.js'

export type Refs = Record<string, string>

/** One run of the soak: what is there before it, what is asked for, and what goes wrong. */
export interface Case {
  number: number
  sourceRefs: Refs
  /** Whether the target is a new, empty repository. */
  isFresh: boolean
  operation: 'probe' | 'plan' | 'sync' | 'replicate'
  request: Pick<SyncRequest, 'scope' | 'policy' | 'options'>
  caller: CallerKind
  /** Which of the service's callers. */
  token: number
  faults: Fault[]
  /** Another writer changes this ref at the target just before the first push. */
  written: string | undefined
  /** A second caller asks for a plain sync of the same pair meanwhile. */
  hasTwin: boolean
  /** The credentials for this side are wrong. */
  denied: 'source' | 'target' | undefined
}

const BRANCHES = ['main', 'dev', 'release/1', 'release/2', 'topic', 'feature/x'].map(
  (name) => `refs/heads/${name}`,
)
const TAGS = ['v1', 'v2', 'v3', 'nightly'].map((name) => `refs/tags/${name}`)
const OTHERS = ['refs/notes/commits', 'refs/custom/x']

/** What happens in a run follows from its number and the refs that the source had before. */
export function drawCase(random: Random, number: number, pool: Pool, before: Refs): Case {
  const isBroken = random.chance(0.6)
  const operation = random.weighted({ sync: 7, replicate: 1.5, plan: 0.7, probe: 0.5 })
  const hasTwin = operation === 'sync' && random.chance(0.08)
  return {
    number,
    sourceRefs: drawRefs(random, pool, before),
    isFresh: random.chance(0.12),
    operation,
    request: drawRequest(random, operation, hasTwin),
    caller: drawCaller(random),
    token: random.int(0, 3),
    faults: isBroken ? drawFaults(random) : [],
    written: random.chance(0.08) ? random.pick(BRANCHES) : undefined,
    hasTwin,
    denied: random.chance(0.02) ? random.pick(['source', 'target'] as const) : undefined,
  }
}

function drawRefs(random: Random, pool: Pool, before: Refs): Refs {
  const after: Refs = {}
  const draw = (ref: string, fresh: () => string) => {
    const value = before[ref]
    const change = random.weighted({ stay: 5, advance: 3, anew: 1.2, gone: 0.8 })
    if (change === 'stay' && value) after[ref] = value
    else if (change === 'advance' && value) after[ref] = advance(random, pool, value)
    else if (change !== 'gone' || ref === 'refs/heads/main') after[ref] = fresh()
  }
  for (const ref of BRANCHES) draw(ref, () => random.pick(pool.commits))
  for (const ref of TAGS) draw(ref, () => random.pick(random.chance(0.5) ? pool.tags : pool.commits))
  for (const ref of OTHERS) draw(ref, () => random.pick(pool.commits))
  return after
}

function advance(random: Random, pool: Pool, from: string): string {
  let at = from
  for (let steps = random.int(1, 6); steps > 0; steps--) {
    const children = pool.children(at)
    if (children.length === 0) break
    at = random.pick(children)
  }
  return at
}

function drawRequest(random: Random, operation: Case['operation'], hasTwin: boolean): Case['request'] {
  if (operation === 'probe') return {}
  const { scope, policy, options }: Required<Case['request']> = { scope: {}, policy: {}, options: {} }
  const kind = random.weighted({ all: 6, branches: 1, mappings: hasTwin ? 0 : 1, allRefs: 1.5 })
  if (kind === 'branches') scope.branches = ['main', 'release/*']
  if (kind === 'mappings') scope.mappings = [{ source: '*', target: 'up/*' }]
  if (kind === 'allRefs') scope.allRefs = true
  if (random.chance(0.4)) policy.includeTags = true
  if (random.chance(0.35)) policy.prune = true
  if (operation !== 'replicate') {
    const force = random.weighted({ none: 5, force: 3, forceBlind: 1 })
    if (force !== 'none') policy[force] = true
    const protocol = random.weighted({ auto: 6, v1: 2, v2: 1 })
    if (protocol !== 'auto') policy.protocol = protocol
  }
  const care = random.weighted({ none: 6, bestEffort: 2, atomic: 1 })
  if (care !== 'none') policy[care] = true
  if (random.chance(0.05)) policy.maxDeletes = 1
  if (random.chance(0.12)) options.targetMaxPackBytes = 60_000
  if (random.chance(0.1) && operation !== 'replicate') options.materialize = 'always'
  if (random.chance(0.1)) options.targetMaxRefUpdates = random.int(1, 3)
  return { scope, policy, options }
}

function drawCaller(random: Random): CallerKind {
  const kind = random.weighted({ stream: 5, document: 2, slow: 1, 'hang-up': 1.3, pipeline: 0.3 })
  if (kind === 'slow') return { kind, pause: random.int(5, 40) }
  if (kind === 'hang-up') return { kind, pieces: random.int(0, 4), patience: random.int(5, 200) }
  return kind === 'pipeline' ? { kind, patience: random.int(5, 200) } : { kind }
}
