import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { type DispatcherProvider, defaultDispatchers } from '../src/engine/run/dispatchers.js'
import { Client, type RunEvent, type SyncRequest } from '../src/index.js'
import { Random } from '../testing/random.js'
import { bodyDamages } from './damage-body.js'
import { httpDamages } from './damage-http.js'
import { makeHistory } from './history.js'
import { Pair } from './pair.js'
import { type Damage, Remotes } from './remotes.js'
import { scenarios } from './scenarios.js'
import { startServer } from './server.js'
import { type Ended, faultsOf, outcomeOf } from './verdict.js'

export interface Verdict {
  number: number
  /** What was damaged, for people. */
  what: string
  /** `ok`, or the code of the run's error. */
  outcome: string
  /** What must not be; empty where all is well. */
  faults: string[]
}

export interface FuzzStage {
  /** The case of this number: the same damage to the same response every time. */
  run(number: number): Promise<Verdict>
  close(): Promise<void>
}

// Far longer than git takes on a busy machine: a timeout is to be the damage's doing.
const STALL_MS = 4_000
/** A run that takes longer is a fault. */
const BOUND_MS = 30_000
const GRACE_MS = 5_000

/** Makes every scenario's remotes in a folder, and runs each once undamaged to know what it reads. */
export async function openStage(root: string, seed: number): Promise<FuzzStage> {
  const history = await makeHistory(root)
  const server = await startServer()
  const pairs: Pair[] = []
  for (const [index, scenario] of scenarios.entries()) {
    const pair = await Pair.make(join(root, String(index)), scenario, history)
    const remotes = new Remotes(pair, undefined, new Random(seed))
    const ended = await run(pair, remotes, `healthy-${index}`)
    const faults = faultsOf(ended)
    const outcome = outcomeOf(ended)
    if (outcome !== (scenario.ends ?? 'ok') || faults.length > 0) {
      throw new Error(`${scenario.name}, undamaged: ${outcome} ${faults.join('; ')}`, { cause: ended.error })
    }
    pair.steps = remotes.steps
    pairs.push(pair)
  }

  async function run(pair: Pair, remotes: Remotes, name: string, step?: string): Promise<Ended> {
    const served = server.serve(name, remotes)
    // A connection that one run's damage has left deaf must not be another run's.
    const connections = new OwnConnections()
    const client = new Client({ stallTimeout: STALL_MS, spoolDir: root, dispatcher: connections.provide })
    const events: RunEvent[] = []
    const about = { pair, remotes, events, ...(step !== undefined && { step }) }
    const { operation, request = {} } = pair.scenario
    const whole: SyncRequest = {
      ...request,
      source: { url: served.url('source') },
      target: { url: served.url('target') },
    }
    const abort = new AbortController()
    const bound = setTimeout(() => abort.abort(new Error('bound')), BOUND_MS)
    try {
      const work = client[operation](whole, { signal: abort.signal, onEvent: (event) => events.push(event) })
      const result = await Promise.race([work, endless(abort.signal)])
      return { ...about, result }
    } catch (error) {
      return { ...about, error: abort.signal.aborted ? new EndlessRun(error) : error }
    } finally {
      clearTimeout(bound)
      served.close()
      connections.close()
    }
  }

  return {
    run: async (number) => {
      const random = new Random(Math.imul(seed, 0x9e3779b1) + number)
      const pair = random.pick(pairs)
      const damage = drawDamage(random, pair)
      const remotes = new Remotes(pair, damage, random)
      const ended = await run(pair, remotes, String(number), damage.step)
      const what = `${pair.scenario.name}; ${damage.step}${damage.persists ? ' and later' : ''}; ${damage.name}`
      return { number, what, outcome: outcomeOf(ended), faults: faultsOf(ended) }
    },
    close: () => server.close(),
  }
}

class EndlessRun extends Error {
  override readonly name = 'EndlessRun'
  constructor(cause: unknown) {
    super(`the run did not end within ${BOUND_MS / 1000} s`, { cause })
  }
}

/** Rejects some time after the signal: a run that ends by it comes first. */
async function endless(signal: AbortSignal): Promise<never> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await sleep(GRACE_MS, undefined, { ref: false })
  throw new Error('nor when it was cancelled')
}

function drawDamage(random: Random, pair: Pair): Damage {
  const step = random.pick(pair.steps)
  const names = random.chance(0.75) ? Object.keys(bodyDamages) : Object.keys(httpDamages)
  return { step, persists: random.chance(0.3), name: random.pick(names) }
}

/** The connections of one run, which end with it. */
class OwnConnections {
  readonly #used = new Set<Dispatcher>()
  readonly #make = defaultDispatchers()

  readonly provide: DispatcherProvider = (use) => {
    const dispatcher = this.#make(use)
    this.#used.add(dispatcher)
    return dispatcher
  }

  close(): void {
    for (const dispatcher of this.#used) void dispatcher.destroy()
  }
}
