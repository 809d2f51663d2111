import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { VERSION } from '../src/version.js'
import { MIB } from './units.js'

/** Where the figures were measured: they are worth nothing without it. */
export function describeMachine() {
  const cores = cpus()
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryMiB: Math.round(totalmem() / MIB),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    git: run('git', ['version']).replace('git version ', ''),
    gitSync: VERSION,
    commit: run('git', ['describe', '--always', '--dirty', '--abbrev=12']),
  }
}

/** Empty where the program or the repository is missing. */
function run(program: string, args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}
