import { PerformanceObserver } from 'node:perf_hooks'
import type { Measurement, Stats } from '../../../schemas/result.js'
import type { Traffic } from '../../git/http/traffic.js'

const SAMPLE_INTERVAL = 50

/** Samples this process's memory from its creation to `close`. */
export class MemoryMeter {
  readonly #started = performance.now()
  readonly #enabled: boolean
  readonly #timer: NodeJS.Timeout | undefined
  readonly #observer: PerformanceObserver | undefined
  #lastAlloc = 0
  readonly #seen = {
    peakAllocBytes: 0,
    peakHeapInuseBytes: 0,
    totalAllocBytes: 0,
    gcCount: 0,
    peakRssBytes: 0,
  }

  constructor(enabled: boolean) {
    this.#enabled = enabled
    if (!enabled) return
    this.#lastAlloc = allocated(process.memoryUsage())
    this.#timer = setInterval(() => this.#sample(), SAMPLE_INTERVAL).unref()
    this.#observer = new PerformanceObserver((list) => {
      this.#seen.gcCount += list.getEntries().length
    })
    this.#observer.observe({ entryTypes: ['gc'] })
    this.#sample()
  }

  /** The statistics so far. */
  read(): Measurement {
    if (this.#enabled) this.#sample()
    const elapsedMillis = this.#enabled ? Math.round(performance.now() - this.#started) : 0
    return { enabled: this.#enabled, elapsedMillis, ...this.#seen }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#observer?.disconnect()
  }

  #sample(): void {
    const usage = process.memoryUsage()
    const { heapTotal, rss } = usage
    const seen = this.#seen
    const alloc = allocated(usage)
    seen.totalAllocBytes += Math.max(0, alloc - this.#lastAlloc)
    this.#lastAlloc = alloc
    seen.peakAllocBytes = Math.max(seen.peakAllocBytes, alloc)
    seen.peakHeapInuseBytes = Math.max(seen.peakHeapInuseBytes, heapTotal)
    seen.peakRssBytes = Math.max(seen.peakRssBytes, rss)
  }
}

function allocated({ heapUsed, external }: NodeJS.MemoryUsage): number {
  return heapUsed + external
}

/** The statistics of a run, empty where they were not asked for. `started` is of `performance.now()`. */
export function collectStats(enabled: boolean, traffic: Traffic, started: number): Stats {
  if (!enabled) return { enabled, items: {} }
  const items = Object.fromEntries(traffic.items)
  return {
    enabled,
    items,
    sides: ['source', 'target'].map((label) => ({ label, bytes: traffic.bytes(label) })),
    elapsedNanos: Math.round((performance.now() - started) * 1e6),
  }
}
