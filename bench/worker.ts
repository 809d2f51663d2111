import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Reply, Usage } from './processes/serve-calls.js'
import type { Bench } from './scenario.js'

export interface WorkerOptions {
  /** Profiles are of the product alone. */
  isProduct?: boolean
}

/** A program of `processes/` that runs by itself, so that its CPU time and memory are its own. */
export class Worker {
  readonly #child: ChildProcess
  readonly #pending = new Map<number, (reply: Reply) => void>()
  #calls = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (reply: Reply) => {
      this.#pending.get(reply.id)?.(reply)
      this.#pending.delete(reply.id)
    })
    child.once('exit', (code, signal) => {
      const error = `the worker ended (${signal ?? code})`
      for (const [id, settle] of this.#pending) settle({ id, error })
    })
  }

  static async start(
    program: string,
    bench: Bench,
    { isProduct = false }: WorkerOptions = {},
  ): Promise<Worker> {
    const file = fileURLToPath(new URL(`./processes/${program}.js`, import.meta.url))
    const profile = isProduct && bench.profiles ? ['--cpu-prof', `--cpu-prof-dir=${bench.profiles}`] : []
    const worker = new Worker(fork(file, { execArgv: profile }))
    bench.cleanup.add(() => worker.stop())
    await worker.usage()
    return worker
  }

  async call<T>(name: string, ...args: unknown[]): Promise<T> {
    const id = this.#calls++
    const reply = await new Promise<Reply>((resolve) => {
      this.#pending.set(id, resolve)
      this.#child.send({ id, name, args })
    })
    if (reply.error !== undefined) throw new Error(`${name}: ${reply.error}`)
    return reply.value as T
  }

  /** What the process has used since it started; its first reply is that of an idle process. */
  usage(): Promise<Usage> {
    return this.call('usage')
  }

  async stop(): Promise<void> {
    if (!this.#child.connected) return
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    await exit
  }
}
