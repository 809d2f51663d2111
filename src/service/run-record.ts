import type { FastifyBaseLogger } from 'fastify'
import type { Operation, RunEvent } from '../../schemas/event.js'
import type { ProbeRequest, SyncRequest } from '../../schemas/request.js'
import type { ProbeResult, SyncResult, TransferMode } from '../../schemas/result.js'
import { GitSyncError } from '../errors.js'
import { Traffic } from '../git/traffic.js'
import type { Metrics } from './metrics.js'

/** Who asked for what. */
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

/** Without what may be a secret, whatever a validated URL can hold today. */
function bareUrl(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/** What the log and the metrics tell of one run: a line when it starts, and a line when it ends. */
export class RunRecord {
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

  see(event: RunEvent): void {
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

  #ended(outcome: 'ok' | GitSyncError['code'], result: SyncResult | undefined): void {
    const transferMode = result?.execution.transferMode ?? this.#transferMode
    const durationMs = Math.round(performance.now() - this.#started)
    const bytes = { source: this.traffic.bytes('source'), target: this.traffic.bytes('target') }
    const { operation } = this.#subject
    this.#metrics.ended({ operation, outcome, transferMode, durationMs, bytes })
    const counts = result?.counts
    this.#log.info({ ...this.#subject, outcome, durationMs, bytes, transferMode, counts }, 'run ended')
  }
}
