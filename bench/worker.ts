import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, Usage } from './processes/serve-calls.js'
import type { Bench } from './scenario.js'

export interface WorkerOptions {
  /** Profiles are of the product alone. */
  isProduct?: boolean
}

/** A program of `processes/` that runs by itself, so that its CPU time and memory are its own. */
export class Worker {
  readonly #child: ChildProcess
  readonly #pending = new Map<number, (answer: Answer) => void>()
  #calls = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (answer: Answer) => {
      this.#pending.get(answer.id)?.(answer)
      this.#pending.delete(answer.id)
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
    const answer = await new Promise<Answer>((resolve) => {
      this.#pending.set(id, resolve)
      this.#child.send({ id, name, args })
    })
    if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}`)
    return answer.value as T
  }

  /** What the process has used since it started; its first answer is that of an idle process. */
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
