import { readFileSync } from 'node:fs'

export interface Answer {
  id: number
  value?: unknown
  error?: string
}

export interface Usage {
  cpuSeconds: number
  rssBytes: number
  peakRssBytes: number
}

interface Call {
  id: number
  name: string
  args: unknown[]
}

/** Makes this process answer the bench: one function a name, and `usage`. It ends when the bench lets go. */
export function serveCalls(functions: Record<string, (...args: never[]) => unknown>): void {
  const known: Record<string, (...args: never[]) => unknown> = { ...functions, usage }
  process.on('disconnect', () => process.exit())
  process.on('message', async ({ id, name, args }: Call) => {
    const answer: Answer = { id }
    try {
      answer.value = await known[name]?.(...(args as never[]))
    } catch (error) {
      answer.error = error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
    process.send?.(answer)
  })
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return {
    cpuSeconds: (user + system) / 1e6,
    rssBytes: process.memoryUsage.rss(),
    peakRssBytes: peakRss(),
  }
}

/** Linux counts what the parent had at the fork into `maxRSS`; its own status file does not. */
function peakRss(): number {
  try {
    const [, kib = ''] = /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
    return Number(kib) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}
