import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Client, GitSyncError, type SyncRequest } from '../../src/index.js'

/** What came of a run in a process of its own. */
export interface LimitedRun {
  /** The error's code, or `done`. */
  outcome: string
  message: string
  refs: number
  notices: string[]
  /** The longest turn of the event loop, in milliseconds of processor time that others do not blur. */
  longest: number
}

/** Plans or syncs in a process with a small heap: a remote that fills memory ends that process, not the tests. */
export async function runLimited(
  heapMib: number,
  operation: 'plan' | 'sync',
  request: SyncRequest,
): Promise<LimitedRun> {
  const program = fileURLToPath(import.meta.url)
  const args = [`--max-old-space-size=${heapMib}`, program, operation, JSON.stringify(request)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [said, failed] = ['', '']
  child.stdout.on('data', (text) => (said += text))
  child.stderr.on('data', (text) => (failed += text))
  await new Promise((resolve) => child.once('close', resolve))
  if (said === '') throw new Error(`the run's process has died: ${failed.slice(0, 2000)}`)
  return JSON.parse(said) as LimitedRun
}

async function main(operation: 'plan' | 'sync', request: SyncRequest): Promise<LimitedRun> {
  const run: LimitedRun = { outcome: 'done', message: '', refs: 0, notices: [], longest: 0 }
  let last = { cpu: process.cpuUsage(), wall: performance.now() }
  const watch = () => {
    const { user, system } = process.cpuUsage(last.cpu)
    const turn = Math.min((user + system) / 1000, performance.now() - last.wall)
    run.longest = Math.max(run.longest, turn)
    last = { cpu: process.cpuUsage(), wall: performance.now() }
    next = setImmediate(watch)
  }
  let next = setImmediate(watch)
  try {
    const onEvent = (event: { type: string; text?: string }) => {
      if (event.type === 'notice') run.notices.push(event.text ?? '')
    }
    const { refs } = await new Client()[operation](request, { onEvent })
    run.refs = refs.length
  } catch (error) {
    run.outcome = error instanceof GitSyncError ? error.code : 'unknown'
    run.message = String(error)
  }
  clearImmediate(next)
  return run
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , operation = 'plan', request = '{}'] = process.argv
  const run = await main(operation as 'plan' | 'sync', JSON.parse(request))
  process.stdout.write(JSON.stringify(run), () => process.exit())
}
