import type { SyncRequest } from '../schemas/request.js'
import type { SyncResult } from '../schemas/result.js'
import type { FetchRequest, FetchResult } from '../schemas/unstable.js'
import { runFetch } from './engine/fetch.js'
import { resolveRequest } from './engine/request/sync-spec.js'
import { validateFetchRequest, validateSyncRequest } from './engine/request/validate.js'
import { type ClientOptions, Runner, type RunOptions } from './engine/run/runner.js'
import { runSync } from './engine/sync.js'

export type { FetchRequest, FetchResult } from '../schemas/unstable.js'

/** Operations that may change in any release, unlike those of `Client`. */
export class UnstableClient {
  readonly #runner: Runner

  constructor(options: ClientOptions = {}) {
    this.#runner = new Runner(options)
  }

  /**
   * Syncs into a target that has none of the desired refs.
   *
   * @throws GitSyncError `plan_refused`, with `refs`, if it has any of them
   */
  async bootstrap(request: SyncRequest, options: RunOptions = {}): Promise<SyncResult> {
    const valid = validateSyncRequest(request)
    const job = { ...resolveRequest(valid, false, this.#runner.jobSettings), bootstrap: true }
    return this.#runner.run(valid, options, (run) => runSync(run, job))
  }

  /** Fetches a pack from a source, counts it and discards it. @throws GitSyncError */
  async fetch(request: FetchRequest, options: RunOptions = {}): Promise<FetchResult> {
    const valid = validateFetchRequest(request)
    return this.#runner.run(valid, options, (run) => runFetch(run, valid))
  }
}
