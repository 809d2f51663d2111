import { loadEngine } from '../../src/engine/load-engine.js'
import { Client, type SyncRequest, type SyncResult } from '../../src/index.js'
import { serveCalls } from './serve-calls.js'
import { type LongestTurn, TurnWatch } from './turn-watch.js'

export type Operation = 'sync' | 'plan'

/** What a run says of itself, without its refs. */
export interface Done extends Omit<SyncResult, 'refs'> {
  seconds: number
  cpuSeconds: number
  turn: LongestTurn
}

export interface Flood {
  seconds: number
  /** Milliseconds that each run took. */
  latencies: number[]
  turn: LongestTurn
}

const client = new Client()

async function run(operation: Operation, request: SyncRequest): Promise<Done> {
  const watch = new TurnWatch()
  const cpu = process.cpuUsage()
  const began = performance.now()
  const { refs: _, ...result } = await client[operation](request)
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { ...result, seconds, cpuSeconds: (user + system) / 1e6, turn: watch.stop() }
}

/** `total` runs of the same request, always `width` of them at once. */
async function flood(request: SyncRequest, total: number, width: number): Promise<Flood> {
  const latencies: number[] = []
  const watch = new TurnWatch()
  const began = performance.now()
  let left = total
  const lane = async () => {
    while (left-- > 0) {
      const start = performance.now()
      await client.sync(request)
      latencies.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
  const seconds = (performance.now() - began) / 1000
  return { seconds, latencies, turn: watch.stop() }
}

// An idle process of the product has loaded all that a run needs.
await loadEngine()
serveCalls({ run, flood })
