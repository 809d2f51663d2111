import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Cleanup } from '../testing/cleanup.js'

export const TOKENS = ['ada', 'ben', 'cleo', 'dan'].map((name) => `${name}-token-3d81`)

export interface Holdings {
  sockets: number
  files: number
  children: number
}

interface RunsOfSource {
  active: number
  lastStart: number
}

const NONE: RunsOfSource = { active: 0, lastStart: 0 }

type Child = ChildProcessByStdio<null, Readable, Readable>

/** The service's process, what it logs, and what it holds. */
export class Service {
  readonly url: string
  readonly log: string[]
  readonly #child: Child
  readonly #runs: Map<string, RunsOfSource>

  private constructor(url: string, child: Child, log: string[], runs: Map<string, RunsOfSource>) {
    this.url = url
    this.log = log
    this.#child = child
    this.#runs = runs
  }

  static async start(cleanup: Cleanup, settings: Record<string, string>): Promise<Service> {
    const main = fileURLToPath(new URL('../src/main.js', import.meta.url))
    const env = {
      PATH: process.env.PATH,
      GITSYNC_PORT: '0',
      GITSYNC_EGRESS_POLICY: 'any',
      GITSYNC_API_TOKENS: TOKENS.map((token, i) => `caller${i}:${token}`).join(','),
      ...settings,
    }
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    cleanup.add(() => child.kill('SIGKILL'))
    process.once('exit', () => child.kill('SIGKILL'))
    const log: string[] = []
    const runs = new Map<string, RunsOfSource>()
    createInterface(child.stderr).on('line', (line) => log.push(line))
    const url = await new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).on('line', (line) => {
        log.push(line)
        note(line, runs)
        const [found] = /http:\/\/[^"\s]+/.exec(line) ?? []
        if (found && line.includes('listening')) resolve(found)
      })
      child.once('exit', () => reject(new Error(`the service ended: ${log.slice(-5).join('\n')}`)))
    })
    return new Service(url, child, log, runs)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /**
   * Resolves when no run of this source has been under way for so many milliseconds, with whether that was so in time, and
   * when the last one began.
   */
  async quiet(
    source: string,
    pause: number,
    milliseconds: number,
  ): Promise<{ isQuiet: boolean; lastStart: number }> {
    const runs = () => this.#runs.get(source) ?? NONE
    let since = performance.now()
    for (const deadline = since + milliseconds; performance.now() < deadline; await sleep(10)) {
      if (runs().active > 0) since = performance.now()
      if (performance.now() - since > pause) return { isQuiet: true, lastStart: runs().lastStart }
    }
    return { isQuiet: false, lastStart: runs().lastStart }
  }

  /** A value of /metrics, summed over its labels. */
  async metrics(): Promise<(name: string) => number> {
    const headers = { authorization: `Bearer ${TOKENS[0]}` }
    // Over a connection of its own, so that none is kept.
    const request = get(`${this.url}/metrics`, { headers, agent: false })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const text = await textOf(response)
    return (name) => {
      const lines = text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))
      return [...lines].reduce((sum, [, value]) => sum + Number(value), 0)
    }
  }

  /** What the process has open, where the system says so. */
  async holdings(): Promise<Holdings> {
    const root = `/proc/${this.#child.pid}`
    const names = await readdir(`${root}/fd`).catch(() => [])
    const links = await Promise.all(names.map((name) => readlink(`${root}/fd/${name}`).catch(() => '')))
    const children = await readFile(`${root}/task/${this.#child.pid}/children`, 'utf8').catch(() => '')
    return {
      sockets: links.filter((link) => link.startsWith('socket:')).length,
      files: links.filter((link) => link.startsWith('/')).length,
      children: children.split(' ').filter(Boolean).length,
    }
  }

  /** Ends it as an operator does, and gives its exit status. */
  async stop(): Promise<number | string | null> {
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const [status, signal] = await exit
    return (status as number | null) ?? (signal as string)
  }
}

/** Keeps count of the runs of each source. */
function note(line: string, runs: Map<string, RunsOfSource>): void {
  const [, source] = /"source":"([^"]+)"/.exec(line) ?? []
  if (!source) return
  const { active, lastStart } = runs.get(source) ?? NONE
  if (line.includes('"run started"')) runs.set(source, { active: active + 1, lastStart: performance.now() })
  if (line.includes('"run ended"')) runs.set(source, { active: active - 1, lastStart })
}
