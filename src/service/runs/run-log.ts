import type { FastifyBaseLogger } from 'fastify'
import type { Operation, RunEvent } from '../../../schemas/event.js'
import type { ProbeRequest, SyncRequest } from '../../../schemas/request.js'
import type { ProbeResult, SyncResult, TransferMode } from '../../../schemas/result.js'
import { GitSyncError } from '../../errors.js'
import { Traffic } from '../../git/http/traffic.js'
import type { Metrics } from './metrics.js'

/** The fields that identify a run in the log. */
export interface RunSubject {
  operation: Operation
  caller: string
  source: string
  target: string | undefined
}

export function subjectOf(
  operation: Operation,
  caller: string,
  { source, target }: ProbeRequest | SyncRequest,
): RunSubject {
  return { operation, caller, source: bareUrl(source.url), target: target ? bareUrl(target.url) : undefined }
}

/** Longer URLs are truncated: a caller chooses them, and every log line of the run repeats them. */
const MAX_URL = 2_000

/** Drops user info, query and fragment, which could hold a secret if validation were ever relaxed. */
function bareUrl(url: string): string {
  const { origin, pathname } = new URL(url)
  return (origin + pathname).slice(0, MAX_URL)
}

/** Logs the start and the end of one run, and records its metrics. */
export class RunLog {
  readonly traffic = new Traffic()
  readonly #started = performance.now()
  readonly #subject: RunSubject
  readonly #log: FastifyBaseLogger
  readonly #metrics: Metrics
  #transferMode: TransferMode | undefined

  constructor(subject: RunSubject, log: FastifyBaseLogger, metrics: Metrics) {
    this.#subject = subject
    this.#log = log
    this.#metrics = metrics
    log.info(subject, 'run started')
  }

  onEvent(event: RunEvent): void {
    if (event.type === 'planned') this.#transferMode = event.transferMode
  }

  succeeded(result: SyncResult | ProbeResult): void {
    this.#ended('ok', 'execution' in result ? result : undefined)
  }

  failed(error: unknown): void {
    const { code, result } =
      error instanceof GitSyncError ? error : { code: 'internal' as const, result: undefined }
    this.#ended(code, result)
  }

  /** Logs an aborted run that does not end, which is a bug of git-sync. */
  stuck(grace: number): void {
    const text = 'aborted run did not end in time: its slot is released although it may still be active'
    this.#log.error({ ...this.#subject, grace }, text)
  }

  #ended(outcome: 'ok' | GitSyncError['code'], result: SyncResult | undefined): void {
    const transferMode = result?.execution.transferMode ?? this.#transferMode
    const durationMs = Math.round(performance.now() - this.#started)
    const bytes = { source: this.traffic.bytes('source'), target: this.traffic.bytes('target') }
    const { operation } = this.#subject
    const { counts, lfs } = result ?? {}
    this.#metrics.ended({ operation, outcome, transferMode, durationMs, bytes, lfs })
    const { failed: _, ...objects } = lfs ?? {}
    const told = { outcome, durationMs, bytes, transferMode, counts, ...(lfs && { lfs: objects }) }
    this.#log.info({ ...this.#subject, ...told }, 'run ended')
  }
}
