import { readFileSync } from 'node:fs'

export interface Reply {
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

/** Makes this process serve calls of the bench: one function a name, and `usage`. It ends when the bench disconnects. */
export function serveCalls(functions: Record<string, (...args: never[]) => unknown>): void {
  const known: Record<string, (...args: never[]) => unknown> = { ...functions, usage }
  process.on('disconnect', () => process.exit())
  process.on('message', async ({ id, name, args }: Call) => {
    const reply: Reply = { id }
    try {
      reply.value = await known[name]?.(...(args as never[]))
    } catch (error) {
      reply.error = error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
    process.send?.(reply)
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
