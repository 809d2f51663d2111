import type { PlanRequest, ProbeRequest, SyncRequest } from '../../schemas/request.js'
import type { PlanResult, ProbeResult, SyncResult } from '../../schemas/result.js'
import { runProbe } from './probe.js'
import { resolveRequest } from './request/sync-spec.js'
import { validateOnce } from './request/validate-once.js'
import { type ClientOptions, Runner, type RunOptions } from './run/runner.js'
import { runSync } from './sync.js'

export type { ClientOptions, RunOptions } from './run/runner.js'

/** Mirrors refs between remotes. It holds no state between calls and may serve many at once. */
export class Client {
  readonly #runner: Runner

  constructor(options: ClientOptions = {}) {
    this.#runner = new Runner(options)
  }

  /** Lists the source's refs and what both remotes can do. @throws GitSyncError */
  async probe(request: ProbeRequest, options: RunOptions = {}): Promise<ProbeResult> {
    const valid = validateOnce('probe', request)
    return this.#runner.run(valid, options, (run) => runProbe(run, valid))
  }

  /** Says what `sync` would do, and pushes nothing. @throws GitSyncError */
  async plan(request: PlanRequest, options: RunOptions = {}): Promise<PlanResult> {
    return this.#sync(validateOnce('plan', request), options, true)
  }

  /** Brings the target's refs to those of the source. @throws GitSyncError */
  async sync(request: SyncRequest, options: RunOptions = {}): Promise<SyncResult> {
    return this.#sync(validateOnce('sync', request), options, false)
  }

  /** A sync in mode `replicate`: the target's values are overwritten. @throws GitSyncError */
  async replicate(request: SyncRequest, options: RunOptions = {}): Promise<SyncResult> {
    return this.#sync(validateOnce('replicate', request), options, false)
  }

  #sync(request: SyncRequest, options: RunOptions, dryRun: boolean): Promise<SyncResult> {
    const job = resolveRequest(request, dryRun, this.#runner.jobSettings)
    return this.#runner.run(request, options, (run) => runSync(run, job))
  }
}
