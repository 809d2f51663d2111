import { parentPort, workerData } from 'node:worker_threads'
import { openStage } from './stage.js'

// A thread of its own for runs of the product: one that never returns, or takes all memory, can be ended.

const { root, seed } = workerData as { root: string; seed: number }
const port = parentPort
if (!port) throw new Error('this is a worker of fuzz.ts')

const stage = await openStage(root, seed)
// Sent as long as the event loop turns.
setInterval(() => port.postMessage({ type: 'alive' }), 500)
port.on('message', async (number: number) => {
  const verdict = await stage.run(number)
  port.postMessage({ type: 'verdict', verdict })
})
port.postMessage({ type: 'ready' })
