import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { EndpointRole, Operation } from '../../../schemas/event.js'
import type { ProblemCode } from '../../../schemas/problem.js'
import type { LfsSummary, TransferMode } from '../../../schemas/result.js'
import type { Admission } from './admission.js'
import type { MemoryBudget } from './memory-budget.js'

/** How a run ended, as values of low cardinality. */
export interface RunOutcome {
  operation: Operation
  /** `ok`, or the problem's code. */
  outcome: 'ok' | ProblemCode
  /** Unknown where the run ended before its plan. */
  transferMode: TransferMode | undefined
  durationMs: number
  bytes: Record<EndpointRole, number>
  /** Unknown where no LFS objects were looked for. */
  lfs: LfsSummary | undefined
}

/** Problems by which the service itself refuses to work. */
const REFUSALS: ReadonlySet<ProblemCode> = new Set([
  'overloaded',
  'rate_limited',
  'unauthorized',
  'egress_denied',
  'shutting_down',
])
const SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600]

/** Prometheus metrics of one application and of its process. */
export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE
  readonly #registry = new Registry()
  readonly #runs = new Counter({
    name: 'gitsync_runs_total',
    help: 'Runs that have ended, by outcome: ok, or the code of the problem.',
    labelNames: ['operation', 'outcome', 'transfer_mode'],
    registers: [this.#registry],
  })
  readonly #durations = new Histogram({
    name: 'gitsync_run_duration_seconds',
    help: 'Duration of runs, without the time they waited.',
    labelNames: ['operation'],
    buckets: SECONDS,
    registers: [this.#registry],
  })
  readonly #bytes = new Counter({
    name: 'gitsync_remote_bytes_total',
    help: 'Bytes of request and response bodies exchanged with sources and targets.',
    labelNames: ['side'],
    registers: [this.#registry],
  })
  readonly #lfsObjects = new Counter({
    name: 'gitsync_lfs_objects_total',
    help: 'LFS objects that pointers of runs named, by outcome: the target had them, they were moved, or are missing there.',
    labelNames: ['outcome'],
    registers: [this.#registry],
  })
  readonly #lfsBytes = new Counter({
    name: 'gitsync_lfs_bytes_total',
    help: 'Bytes of LFS objects that were moved.',
    registers: [this.#registry],
  })
  readonly #refusals = new Counter({
    name: 'gitsync_refusals_total',
    help: 'Requests that the service refused by its own limits and policies.',
    labelNames: ['code'],
    registers: [this.#registry],
  })

  constructor(admission: Admission, budget: MemoryBudget) {
    const registers = [this.#registry]
    new Gauge({
      name: 'gitsync_runs_active',
      help: 'Active runs.',
      registers,
      collect() {
        this.set(admission.load().running)
      },
    })
    new Gauge({
      name: 'gitsync_runs_queued',
      help: 'Runs that wait for a free slot, or for another run into the same target.',
      labelNames: ['for'],
      registers,
      collect() {
        const { slot, target } = admission.load()
        this.set({ for: 'slot' }, slot)
        this.set({ for: 'target' }, target)
      },
    })
    new Gauge({
      name: 'gitsync_memory_held_bytes',
      help: 'Bytes of GITSYNC_MEMORY_BUDGET that runs hold.',
      registers,
      collect() {
        this.set(budget.held)
      },
    })
    for (const code of REFUSALS) this.#refusals.inc({ code }, 0)
  }

  ended({ operation, outcome, transferMode, durationMs, bytes, lfs }: RunOutcome): void {
    this.#runs.inc({ operation, outcome, transfer_mode: transferMode ?? '' })
    this.#durations.observe({ operation }, durationMs / 1000)
    for (const [side, count] of Object.entries(bytes)) this.#bytes.inc({ side }, count)
    // A plan moves none, so what it finds is not lost.
    if (!lfs || operation === 'plan') return
    const { present, moved, missing } = lfs
    for (const [outcome, count] of Object.entries({ present, moved, missing }))
      this.#lfsObjects.inc({ outcome }, count)
    this.#lfsBytes.inc(lfs.movedBytes)
  }

  /** Counts a problem that was reported to a caller, if it is a refusal. */
  countProblem(code: ProblemCode): void {
    if (REFUSALS.has(code)) this.#refusals.inc({ code })
  }

  async text(): Promise<string> {
    return Registry.merge([processMetrics(), this.#registry]).metrics()
  }
}

let ofProcess: Registry | undefined

/** Shared by all applications of a process, since the default metrics describe the process. */
function processMetrics(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return ofProcess
}
