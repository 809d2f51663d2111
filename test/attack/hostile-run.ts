import { loadEngine } from '../../src/engine/load-engine.js'
import { Client, GitSyncError } from '../../src/index.js'
import { startGraphPeers } from '../../testing/hostile/graph-peers.js'
import { type HostilePack, hostilePacks } from './hostile-packs.js'

export interface HostileRun {
  name: string
  code: string
  message: string
  /** The longest turn of the event loop in milliseconds of processor time, which other processes do not blur. */
  longestTurn: number
  milliseconds: number
  /** How much the process had grown at most. */
  grownMiB: number
}

const MIB = 1024 * 1024
/** Of those that nothing else ends. */
const DEADLINE = 300

/** Transfers in steps from sources with hostile packs, or from one alone; says what became of each as a line of JSON. */
async function main(only: string | undefined): Promise<void> {
  // As a service does before it listens: modules are no history's turn.
  await loadEngine()
  for (const [name, make] of Object.entries(hostilePacks)) {
    if (only === undefined || only === name) console.log(JSON.stringify(await run(name, make())))
  }
}

async function run(name: string, { tip, chunks }: HostilePack): Promise<HostileRun> {
  const peers = await startGraphPeers({ 'refs/heads/main': tip }, chunks)
  globalThis.gc?.()
  const [before, started, watch] = [process.memoryUsage.rss(), performance.now(), new Watch()]
  const signal = name.includes('inflates to nothing') ? AbortSignal.timeout(DEADLINE) : undefined
  const options = signal ? { signal } : {}
  const error: unknown = await new Client().sync(peers.request, options).catch((error: unknown) => error)
  const milliseconds = performance.now() - started
  const { longestTurn, peak } = watch.end()
  await peers.close()
  const { code, message } = error instanceof GitSyncError ? error : { code: 'none', message: String(error) }
  return { name, code, message, longestTurn, milliseconds, grownMiB: (peak - before) / MIB }
}

class Watch {
  longestTurn = 0
  peak = 0
  #last = process.cpuUsage()
  #next = setImmediate(() => this.#tick())

  end(): this {
    clearImmediate(this.#next)
    return this
  }

  #tick(): void {
    const { user, system } = process.cpuUsage(this.#last)
    this.longestTurn = Math.max(this.longestTurn, (user + system) / 1000)
    this.peak = Math.max(this.peak, process.memoryUsage.rss())
    this.#last = process.cpuUsage()
    this.#next = setImmediate(() => this.#tick())
  }
}

await main(process.argv[2])
