import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { gitEnv } from '../testing/git/git.js'

const execute = promisify(execFile)

/** Runs a line of shell, and gives the time and the CPU time of all that it started. */
export async function cpuOfShell(line: string, cwd = '.'): Promise<{ seconds: number; cpuSeconds: number }> {
  const began = performance.now()
  const { stdout } = await execute('sh', ['-ec', `{ ${line}\n} >&2; times`], { cwd, env: gitEnv() })
  const seconds = (performance.now() - began) / 1000
  // POSIX: the shell's own times on the first line, those of its children on the second.
  const [, children = ''] = stdout.trim().split('\n')
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
  const cpuSeconds = parts.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0)
  return { seconds, cpuSeconds }
}
