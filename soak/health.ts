import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export interface Latencies {
  count: number
  p50: number
  p99: number
  max: number
}

/** Asks for `/healthz` over and over until it is stopped, and says how long the responses took, in milliseconds. */
export function watchHealth(url: string, pause = 20): { stop(): Promise<Latencies> } {
  const worker = new Worker(new URL('./health-worker.js', import.meta.url), { workerData: { url, pause } })
  return {
    stop: async () => {
      const message = once(worker, 'message')
      worker.postMessage('stop')
      const [milliseconds] = (await message) as [number[]]
      const sorted = milliseconds.sort((a, b) => a - b)
      const at = (share: number) =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
      return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
    },
  }
}
