import { openSync, writeSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { TracedPacket } from '../git/http/wire-trace.js'
import { SettingError } from './setting-error.js'

/** Where GITSYNC_TRACE_PACKET sends the trace. */
export type TraceTarget = 'stderr' | { file: string }

/** Reads the values that git's own GIT_TRACE_PACKET accepts. @throws SettingError for any other */
export function readTraceTarget(text: string | undefined): TraceTarget | undefined {
  if (text === undefined || /^(?:0|false)$/i.test(text)) return undefined
  if (/^(?:1|true)$/i.test(text)) return 'stderr'
  if (isAbsolute(text)) return { file: text }
  throw new SettingError(`GITSYNC_TRACE_PACKET must be 1, 0 or an absolute path, not "${text}"`)
}

/**
 * Opens the trace. Lines are written at once, so that the last ones are there when a process dies, and nothing piles up
 * in memory.
 *
 * @throws SettingError for a file that cannot be opened
 */
export function openPacketTrace(target: TraceTarget): (packet: TracedPacket, run?: string) => void {
  const write = target === 'stderr' ? (line: string) => process.stderr.write(line) : fileWriter(target.file)
  return (packet, run) => write(`${formatPacket(packet, new Date(), run)}\n`)
}

/** One line of a trace, in the manner of git: `<time> [<run>] source fetch< <text>`. */
export function formatPacket(packet: TracedPacket, time: Date, run?: string): string {
  const { side, service, direction, text } = packet
  const arrow = direction === 'sent' ? '>' : '<'
  return [time.toISOString(), ...(run === undefined ? [] : [run]), side, `${service}${arrow}`, text].join(' ')
}

function fileWriter(path: string): (line: string) => void {
  let file: number | undefined
  try {
    // It names refs and hosts, perhaps of private repositories.
    file = openSync(path, 'a', 0o600)
  } catch (error) {
    throw new SettingError(`GITSYNC_TRACE_PACKET cannot be written: ${(error as Error).message}`)
  }
  return (line) => {
    if (file === undefined) return
    try {
      writeSync(file, line)
    } catch (error) {
      // A full disk must not end a run that is only watched.
      file = undefined
      process.stderr.write(`git-sync: the packet trace ends here: ${(error as Error).message}\n`)
    }
  }
}
