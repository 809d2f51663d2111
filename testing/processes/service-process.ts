import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { projectFile } from '../project/project.js'

interface Teardown {
  teardown(action: () => unknown): unknown
}

const main = projectFile('dist/src/main.js')

type Service = ChildProcessByStdio<null, Readable, Readable>

/** The service as a process with no settings but these. */
export function startProcess(t: Teardown, settings: Record<string, string>): Service {
  const env = { PATH: process.env.PATH, ...settings }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

export interface LogLine {
  level: number
  msg: string
  [key: string]: unknown
}

/** Waits until the service says where it listens. */
export async function startService(t: Teardown, settings: Record<string, string> = {}) {
  const child = startProcess(t, { GITSYNC_PORT: '0', ...settings })
  const log: LogLine[] = []
  const url = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      log.push(JSON.parse(line) as LogLine)
      const found = /http:\/\/\S+/.exec(log.at(-1)?.msg ?? '')
      if (found) resolve(found[0])
    })
    const complaint = text(child.stderr)
    child.once('exit', () => complaint.then((words) => reject(new Error(`the service ended: ${words}`))))
  })
  return { child, log, url: await url }
}
