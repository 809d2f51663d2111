import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Verdict } from './stage.js'

export interface CrewOptions {
  root: string
  seed: number
  /** Runs at once in each worker. */
  lanes: number
  /** The cases; each is taken once. */
  cases: Iterator<number>
  onVerdict(verdict: Verdict): void
}

type Message = { type: 'ready' } | { type: 'alive' } | { type: 'verdict'; verdict: Verdict }

const HEAP_MIB = 512
const SILENCE_MS = 10_000
let folders = 0

/**
 * Runs cases in a worker until there are none left. Where a worker dies or its event loop no longer turns, a new one runs the
 * cases that were under way once more, each alone, to find the one that did it.
 */
export async function runCases(options: CrewOptions): Promise<void> {
  for (;;) {
    const lost = await work(options, options.lanes, options.cases)
    if (!lost) return
    if (lost.cases.length === 0) throw new Error(`A worker was lost before it began: ${lost.reason}`)
    for (const number of lost.cases) {
      const again = await work(options, 1, [number].values())
      if (again) options.onVerdict(fault(number, again.reason))
    }
    options.onVerdict(
      fault(lost.cases[0] as number, `${lost.reason}, with cases ${lost.cases.join(', ')} under way`),
    )
  }
}

function fault(number: number, reason: string): Verdict {
  return { number, what: 'the worker was lost', outcome: 'lost', faults: [reason] }
}

/** One worker's life; resolves with the cases that were under way where it was lost. */
async function work(
  { root, seed, onVerdict }: CrewOptions,
  lanes: number,
  cases: Iterator<number>,
): Promise<{ cases: number[]; reason: string } | undefined> {
  const folder = join(root, `worker-${folders++}`)
  await mkdir(folder)
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: { root: folder, seed },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  })
  const underWay = new Set<number>()
  const reason = await new Promise<string | undefined>((resolve) => {
    let silence: NodeJS.Timeout | undefined
    const begin = () => {
      const { done, value } = cases.next()
      if (done) return underWay.size === 0 && resolve(undefined)
      underWay.add(value)
      worker.postMessage(value)
    }
    worker.on('message', (message: Message) => {
      clearTimeout(silence)
      silence = setTimeout(
        () => resolve(`the event loop did not turn for ${SILENCE_MS / 1000} s`),
        SILENCE_MS,
      )
      if (message.type === 'ready') for (let lane = 0; lane < lanes; lane++) begin()
      if (message.type !== 'verdict') return
      underWay.delete(message.verdict.number)
      onVerdict(message.verdict)
      begin()
    })
    worker.once('error', (error) => resolve(`the worker failed: ${error.stack ?? error.message}`))
    worker.once('exit', (status) => resolve(`the worker ended with status ${status}`))
  })
  await worker.terminate()
  return reason === undefined ? undefined : { cases: [...underWay], reason }
}
