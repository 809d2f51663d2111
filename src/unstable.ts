import type { SyncRequest } from '../schemas/request.js'
import type { SyncResult } from '../schemas/result.js'
import type { FetchRequest, FetchResult } from '../schemas/unstable.js'
import { runFetch } from './engine/fetch.js'
import { resolveRequest } from './engine/request/sync-spec.js'
import { validateFetchRequest, validateSyncRequest } from './engine/request/validate.js'
import { type ClientOptions, Runner, type RunOptions } from './engine/run/runner.js'
import { runSync } from './engine/sync.js'

export type { FetchRequest, FetchResult } from '../schemas/unstable.js'

/** Operations that may change in any release. What `Client` has stays as it is. */
export class UnstableClient {
  readonly #runner: Runner

  constructor(options: ClientOptions = {}) {
    this.#runner = new Runner(options)
  }

  /**
   * A sync into a target that has none of the desired refs.
   *
   * @throws GitSyncError `plan_refused`, with `refs`, where it has one
   */
  async bootstrap(request: SyncRequest, options: RunOptions = {}): Promise<SyncResult> {
    const valid = validateSyncRequest(request)
    const job = { ...resolveRequest(valid, false, this.#runner.jobSettings), bootstrap: true }
    return this.#runner.run(valid, options, (run) => runSync(run, job))
  }

  /** Negotiates with a source and counts the pack that it sends, keeping nothing of it. @throws GitSyncError */
  async fetch(request: FetchRequest, options: RunOptions = {}): Promise<FetchResult> {
    const valid = validateFetchRequest(request)
    return this.#runner.run(valid, options, (run) => runFetch(run, valid))
  }
}
