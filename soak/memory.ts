import type { Service } from './service.js'

export interface MemorySample {
  /** Which share of the runs was done. */
  progress: number
  rss: number
  heap: number
}

export interface Quarter {
  rss: number
  heap: number
}

const MIB = 1024 ** 2

/** Reads the service's memory now and then while it works. */
export function watchMemory(service: Service, progress: () => number) {
  const samples: MemorySample[] = []
  const sample = async () => {
    const metrics = await service.metrics()
    samples.push({
      progress: progress(),
      rss: metrics('process_resident_memory_bytes') / MIB,
      heap: (metrics('nodejs_heap_size_used_bytes') + metrics('nodejs_external_memory_bytes')) / MIB,
    })
  }
  const timer = setInterval(() => void sample().catch(() => {}), 250)
  return {
    /** The medians of each quarter of the runs, in MiB. */
    stop: (): Quarter[] => {
      clearInterval(timer)
      return [0, 1, 2, 3].map((quarter) => {
        const own = samples.filter((one) => Math.min(3, Math.floor(one.progress * 4)) === quarter)
        return { rss: median(own.map(({ rss }) => rss)), heap: median(own.map(({ heap }) => heap)) }
      })
    },
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
