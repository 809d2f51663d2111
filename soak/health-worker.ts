import { Agent, get } from 'node:http'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

// A thread of its own: what the soak's servers do does not count.

const { url, pause } = workerData as { url: string; pause: number }
const agent = new Agent({ keepAlive: true })

// A service that does not respond at all counts as long as that.
const PATIENCE_MS = 10_000

function ask(): Promise<number> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const request = get(`${url}/healthz`, { agent, timeout: PATIENCE_MS }, (response) => {
      response.resume().once('end', () => resolve(performance.now() - began))
    })
    request.once('timeout', () => request.destroy(new Error('no response'))).once('error', reject)
  })
}

let isOver = false
const milliseconds: number[] = []
parentPort?.once('message', () => {
  isOver = true
})
while (!isOver) {
  milliseconds.push(await ask().catch(() => PATIENCE_MS))
  await sleep(pause)
}
agent.destroy()
parentPort?.postMessage(milliseconds)
parentPort?.close()
