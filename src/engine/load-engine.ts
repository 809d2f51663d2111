import type { ClientOptions, Runner } from './run/runner.js'

type Engine = typeof import('./engine.js')

let loaded: Engine | undefined

/** Loads what runs need, undici above all, so that a program that only imports the library does not wait for it. */
export async function loadEngine(): Promise<Engine> {
  if (!loaded) {
    const { Runner, runFetch, runProbe, runSync } = await import('./engine.js')
    loaded = { Runner, runFetch, runProbe, runSync }
  }
  return loaded
}

/** A client's runner, made at its first run. */
export class LazyRunner {
  readonly #options: ClientOptions
  #runner: Runner | undefined

  constructor(options: ClientOptions) {
    this.#options = { ...options }
  }

  /**
   * Does work with a request. Where the engine has to be loaded first, it is done with a copy: what the caller changes
   * meanwhile is not part of it.
   */
  async run<Request, Result>(request: Request, work: Work<Request, Result>): Promise<Result> {
    if (loaded) return work(loaded, this.#runnerOf(loaded), request)
    const copy = structuredClone(request)
    const engine = await loadEngine()
    return work(engine, this.#runnerOf(engine), copy)
  }

  #runnerOf({ Runner }: Engine): Runner {
    this.#runner ??= new Runner(this.#options)
    return this.#runner
  }
}

type Work<Request, Result> = (engine: Engine, runner: Runner, request: Request) => Promise<Result>
