import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { gitEnv } from '../git/git.js'
import { projectFile } from '../project/project.js'
import { CommandProcess } from './command-process.js'

export const cli = projectFile('dist/src/cli.js')

export interface CommandOptions {
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Called with the running process's id once it has written this to stderr. */
  on?: { stderr: RegExp; action: (pid: number) => void }
}

export interface Finished {
  status: number | null
  stdout: string
  stderr: string
}

const shared = new CommandProcess()

/** Runs the command line with no settings but these and no terminal, in a process that the calls of a file share. */
export function gitSync(
  args: readonly string[],
  { env = {} }: Pick<CommandOptions, 'env'> = {},
): Promise<Finished> {
  return shared.run(args, { ...gitEnv(), ...env })
}

/** The same as a process of its own, for what only such a one shows: that it ends, and how it takes a signal. */
export async function gitSyncAlone(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const { env = {}, cwd, on } = options
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...gitEnv(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  let seen = ''
  let told = false
  child.stderr.on('data', (chunk: Buffer) => {
    seen += String(chunk)
    if (told || !on?.stderr.test(seen) || child.pid === undefined) return
    told = true
    on.action(child.pid)
  })
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve)
    child.once('error', reject)
  })
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  return { status, stdout, stderr }
}

/** The same on a terminal of its own, whose output comes as one: stdout and stderr are that terminal. */
export async function gitSyncOnTerminal(
  args: readonly string[],
  { env = {}, answers = '' }: { env?: NodeJS.ProcessEnv; answers?: string } = {},
): Promise<{ status: number | null; output: string }> {
  const line = [process.execPath, cli, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    env: { ...gitEnv(), TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  let next = 0
  const lines = answers === '' ? [] : answers.split('\n')
  child.stdout.on('data', (chunk: Buffer) => {
    output += String(chunk)
    // Each prompt gets its reply only then: an earlier one could be echoed.
    const prompts = output.match(/(?:Username|Password) for '[^']*': /g)?.length ?? 0
    for (; next < prompts && next < lines.length; next++) child.stdin.write(`${lines[next]}\n`)
  })
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve)
    child.once('error', reject)
  })
  child.stdin.destroy()
  return { status, output }
}
