import type { FastifyRequest } from 'fastify'
import type { Operation, QueuedEvent, RunEvent } from '../../../schemas/event.js'
import type { ProbeRequest, SyncRequest } from '../../../schemas/request.js'
import type { ProbeResult, SyncResult } from '../../../schemas/result.js'
import type { Client } from '../../engine/client.js'
import { repositoryKey } from '../../engine/request/repository-key.js'
import { validateAndFreeze } from '../../engine/request/validate-once.js'
import type { RunOptions } from '../../engine/run/runner.js'
import { abortError, GitSyncError } from '../../errors.js'
import type { MemoryAccount } from '../../git/http/memory-account.js'
import type { TracedPacket } from '../../git/http/wire-trace.js'
import { traced } from '../../runtime/trace.js'
import { yieldToEventLoop } from '../../runtime/yield.js'
import type { Admission } from './admission.js'
import { LeastSpeed } from './least-speed.js'
import type { MemoryBudget, MemoryShare } from './memory-budget.js'
import type { Metrics } from './metrics.js'
import { RunLog, type RunSubject, subjectOf } from './run-log.js'

/** How a caller cancels a run and follows it. */
export interface RunHandle {
  /** Aborts when the caller disconnects. */
  signal: AbortSignal
  onEvent: (event: RunEvent | QueuedEvent) => void
}

export interface RunsOptions {
  client: Client
  admission: Admission
  metrics: Metrics
  budget: MemoryBudget
  /** Milliseconds that a run may take, waiting not counted. */
  runTimeout: number
  /** Milliseconds in which an aborted run has to end; after that its slot is released anyway. */
  grace: number
  /** Milliseconds that a run may move less than the least speed while others wait. */
  slowWindow: number
  onPacket?: ((packet: TracedPacket, run: string) => void) | undefined
}

type AnyRequest = ProbeRequest | SyncRequest
type AnyResult = ProbeResult | SyncResult

/** A valid request, and the call of the client that carries it out. */
interface PreparedRun {
  body: AnyRequest
  work: (client: Client, options: RunOptions) => Promise<AnyResult>
}

function prepared<Request extends AnyRequest>(
  body: Request,
  call: (client: Client, body: Request, options: RunOptions) => Promise<AnyResult>,
): PreparedRun {
  return { body, work: (client, options) => call(client, body, options) }
}

/** Validates a body for its operation. @throws GitSyncError */
const operations: Record<Operation, (body: unknown) => PreparedRun> = {
  probe: (body) => prepared(validateAndFreeze('probe', body), (client, ...args) => client.probe(...args)),
  plan: (body) => prepared(validateAndFreeze('plan', body), (client, ...args) => client.plan(...args)),
  sync: (body) => prepared(validateAndFreeze('sync', body), (client, ...args) => client.sync(...args)),
  replicate: (body) =>
    prepared(validateAndFreeze('replicate', body), (client, ...args) => client.replicate(...args)),
}

/** A run that may start. */
interface AdmittedRun {
  subject: RunSubject
  prepared: PreparedRun
  request: FastifyRequest
  handle: RunHandle
}

/** The runs of one application: validates, admits, times and logs each, and ends all of them at shutdown. */
export class RunRegistry {
  readonly #options: RunsOptions
  readonly #running = new Map<AbortController, Promise<unknown>>()

  constructor(options: RunsOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#options.admission.isOpen
  }

  /** @throws GitSyncError */
  async run(operation: Operation, request: FastifyRequest, handle: RunHandle): Promise<AnyResult> {
    // Parsing, validating and planning a large request each take long enough to yield in between.
    await yieldToEventLoop(handle.signal)
    const prepared = operations[operation](request.body)
    const { body } = prepared
    await yieldToEventLoop(handle.signal)
    const subject = subjectOf(operation, request.caller, body)
    const target = writtenTarget(subject, body)
    const { caller } = subject
    const leave = await this.#options.admission
      .enter({ caller, target, signal: handle.signal, onQueued: handle.onEvent })
      .catch((error: GitSyncError) => {
        request.log.info({ ...subject, outcome: error.code }, 'run not started')
        throw error
      })
    const ending = new AbortController()
    const running = this.#perform({ subject, prepared, request, handle }, ending)
    this.#running.set(ending, running)
    try {
      return await running
    } finally {
      this.#running.delete(ending)
      leave()
    }
  }

  /** Stops accepting runs, gives active ones `grace` milliseconds, then aborts them. Resolves when none is active. */
  async drain(grace: number): Promise<void> {
    const hint = 'send the request to another instance, or here again later'
    const stopped = () => new GitSyncError('shutting_down', `The service is shutting down: ${hint}.`)
    this.#options.admission.close(stopped)
    const timer = setTimeout(() => {
      for (const ending of this.#running.keys()) ending.abort(stopped())
    }, grace)
    await Promise.allSettled(this.#running.values())
    clearTimeout(timer)
  }

  async #perform(
    { subject, prepared: { body, work }, request, handle }: AdmittedRun,
    ending: AbortController,
  ): Promise<AnyResult> {
    const { client, admission, budget, metrics, runTimeout, slowWindow, onPacket } = this.#options
    const { operation, source, target } = subject
    const { signal, onEvent } = handle
    const record = new RunLog(subject, request.log, metrics)
    const onDisconnect = () => ending.abort(signal.reason)
    signal.addEventListener('abort', onDisconnect, { once: true })
    const late = () => ending.abort(new DOMException('The run took too long', 'TimeoutError'))
    const deadline = setTimeout(late, runTimeout)
    const speed = new LeastSpeed({
      traffic: record.traffic,
      window: slowWindow,
      isWaitedFor: () => budget.isShort || admission.isWaitedFor(writtenTarget(subject, body)),
      onTooSlow: (error) => ending.abort(error),
    })
    const notify = (event: RunEvent) => {
      record.onEvent(event)
      speed.onEvent(event)
      onEvent(event)
    }
    const attributes = { 'gitsync.source': source, ...(target && { 'gitsync.target': target }) }
    try {
      const memory = reportingWaits(request.memory, notify)
      const options = {
        signal: ending.signal,
        onEvent: notify,
        traffic: record.traffic,
        memory,
        ...(onPacket && { onPacket: (packet: TracedPacket) => onPacket(packet, request.id) }),
      }
      request.memory.retain()
      const working = traced(operation, attributes, () => work(client, options)).finally(() =>
        request.memory.release(),
      )
      const result = await this.#orAbandon(working, ending.signal, record)
      record.succeeded(result)
      return result
    } catch (error) {
      record.failed(error)
      throw error
    } finally {
      speed.close()
      clearTimeout(deadline)
      signal.removeEventListener('abort', onDisconnect)
    }
  }

  /** Awaits the work, but abandons a run that does not end after being aborted, so that its slot is not lost. */
  async #orAbandon<T>(working: Promise<T>, aborted: AbortSignal, record: RunLog): Promise<T> {
    const { grace } = this.#options
    let timer: NodeJS.Timeout | undefined
    let onAbort = () => {}
    const abandoned = new Promise<never>((_, reject) => {
      onAbort = () => {
        timer = setTimeout(() => {
          record.stuck(grace)
          reject(abortError(aborted.reason))
        }, grace)
      }
      aborted.addEventListener('abort', onAbort, { once: true })
    })
    try {
      return await Promise.race([working, abandoned])
    } finally {
      aborted.removeEventListener('abort', onAbort)
      clearTimeout(timer)
    }
  }
}

/** The key of the repository that a run writes to, equal for all URLs of that repository. */
function writtenTarget({ operation }: RunSubject, { target }: AnyRequest): string | undefined {
  const writes = operation === 'sync' || operation === 'replicate'
  return writes && target ? repositoryKey(target.url) : undefined
}

/** Emits a notice for the first wait: otherwise a caller could not see why its run makes no progress. */
function reportingWaits(memory: MemoryShare, notify: (event: RunEvent) => void): MemoryAccount {
  let isReported = false
  const hold: MemoryAccount['hold'] = (purpose, bytes, signal) => {
    const waiting = memory.hold(purpose, bytes, signal)
    if (waiting && !isReported) {
      isReported = true
      notify({ type: 'notice', text: 'waiting for memory that other runs use' })
    }
    return waiting
  }
  return { hold }
}
