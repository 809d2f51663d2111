import type { SyncRequest } from '../schemas/request.js'
import type { SyncResult } from '../schemas/result.js'
import type { FetchRequest, FetchResult } from '../schemas/unstable.js'
import { LazyRunner } from './engine/load-engine.js'
import { resolveRequest } from './engine/request/sync-spec.js'
import { validateFetchRequest, validateSyncRequest } from './engine/request/validate.js'
import type { ClientOptions, RunOptions } from './engine/run/runner.js'

export type { FetchRequest, FetchResult } from '../schemas/unstable.js'

/** Operations that may change in any release, unlike those of `Client`. */
export class UnstableClient {
  readonly #runner: LazyRunner

  constructor(options: ClientOptions = {}) {
    this.#runner = new LazyRunner(options)
  }

  /**
   * Syncs into a target that has none of the desired refs.
   *
   * @throws GitSyncError `plan_refused`, with `refs`, if it has any of them
   */
  async bootstrap(request: SyncRequest, options: RunOptions = {}): Promise<SyncResult> {
    return this.#runner.run(validateSyncRequest(request), ({ runSync }, runner, valid) => {
      const job = { ...resolveRequest(valid, false, runner.jobSettings), bootstrap: true }
      return runner.run(valid, options, (run) => runSync(run, job))
    })
  }

  /** Fetches a pack from a source, counts it and discards it. @throws GitSyncError */
  async fetch(request: FetchRequest, options: RunOptions = {}): Promise<FetchResult> {
    return this.#runner.run(validateFetchRequest(request), ({ runFetch }, runner, valid) =>
      runner.run(valid, options, (run) => runFetch(run, valid)),
    )
  }
}
