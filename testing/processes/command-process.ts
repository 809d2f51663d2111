import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { runCommandLine } from '../../src/cli/command-line.js'
import { gitEnv } from '../git/git.js'
import type { Finished } from './command.js'

interface Job {
  args: readonly string[]
  env: NodeJS.ProcessEnv
}

/** Marks the end of a command's output on either stream. */
const END = '\0'

/**
 * Runs command lines one after the other in one process, as loading the program takes longer than most of them do. Each
 * has an environment of its own, and its output is what it really wrote. A command that ends the process is told of as such.
 */
export class CommandProcess {
  #child: ChildProcess | undefined
  #last: Promise<unknown> = Promise.resolve()

  run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> {
    const run = this.#last.then(() => this.#next({ args, env }))
    this.#last = run.catch(() => {})
    return run
  }

  async #next(job: Job): Promise<Finished> {
    const child = this.#running()
    hold(child, true)
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
    const told = new AbortController()
    const { signal } = told
    const status = Promise.race([once(child, 'message', { signal }), once(child, 'exit', { signal })])
    child.send(job)
    const [code] = (await status) as [number | null]
    told.abort()
    const finished = { status: code, stdout: await stdout, stderr: await stderr }
    hold(child, false)
    return finished
  }

  #running(): ChildProcess {
    if (this.#child?.connected && this.#child.exitCode === null) return this.#child
    this.#child = fork(fileURLToPath(import.meta.url), ['commands'], {
      // Some of it is read once, as the program is loaded.
      env: gitEnv(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    return this.#child
  }
}

/** Whether the child keeps this process alive. */
function hold(child: ChildProcess, isHeld: boolean): void {
  const call = isHeld ? 'ref' : 'unref'
  for (const one of [child, child.channel, child.stdout as Socket, child.stderr as Socket]) one?.[call]()
}

/** What comes before the mark, or before the stream's end. */
function collect(stream: ChildProcess['stdout']): Promise<string> {
  const chunks: Buffer[] = []
  return new Promise((resolve) => {
    const finish = () => {
      stream?.off('data', keep).off('close', finish)
      const text = Buffer.concat(chunks).toString()
      resolve(text.endsWith(END) ? text.slice(0, -END.length) : text)
    }
    const keep = (chunk: Buffer) => {
      chunks.push(chunk)
      if (chunk.at(-1) === END.charCodeAt(0)) finish()
    }
    stream?.on('data', keep).once('close', finish)
  })
}

/** In the child: each command adds listeners to the streams, as one alone does. */
async function serveCommands(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0)
  process.on('message', async ({ args, env }: Job) => {
    for (const name of Object.keys(process.env)) delete process.env[name]
    Object.assign(process.env, env)
    process.exitCode = undefined
    await runCommandLine([process.execPath, 'git-sync', ...args])
    const status = Number(process.exitCode ?? 0)
    process.exitCode = undefined
    for (const stream of [process.stdout, process.stderr]) stream.write(END)
    process.send?.(status)
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === 'commands')
  await serveCommands()
