import type { QueuedEvent } from '../../../schemas/event.js'
import { abortError, GitSyncError } from '../../errors.js'
import { FairQueue } from './fair-queue.js'

export interface AdmissionLimits {
  maxConcurrent: number
  maxQueued: number
}

export interface RunRequest {
  caller: string
  /** The key of the repository that the run writes to; no other run writes to it at the same time. */
  target: string | undefined
  /** Removes the run from the queue when aborted. */
  signal: AbortSignal
  /** Called when the run's place in the queue changes. */
  onQueued: (event: QueuedEvent) => void
}

/** Limits the number of active runs, with one per target; other runs wait, and callers take turns. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #waiting = new FairQueue<QueuedRun>()
  readonly #targets = new Set<string>()
  /** The number of active runs of each caller. */
  readonly #running = new Map<string, number>()
  #closed: (() => GitSyncError) | undefined

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** Whether new runs are accepted, even if they have to wait. */
  get isOpen(): boolean {
    return this.#closed === undefined
  }

  /**
   * Resolves with a release function once the run may start; call it exactly once when the run ends.
   *
   * @throws GitSyncError `overloaded`, `shutting_down` or `cancelled`
   */
  async enter(request: RunRequest): Promise<() => void> {
    if (this.#closed) throw this.#closed()
    if (request.signal.aborted) throw abortError(request.signal.reason)
    const run = new QueuedRun(request)
    this.#waiting.add(run)
    this.#startEligible()
    if (this.#waiting.size > this.#limits.maxQueued) this.#refuseOne(run)
    this.#notifyPlaces()
    const giveUp = () => this.#reject(run, abortError(request.signal.reason))
    request.signal.addEventListener('abort', giveUp, { once: true })
    try {
      await run.admitted
    } finally {
      request.signal.removeEventListener('abort', giveUp)
    }
    return () => this.#leave(run)
  }

  /** Rejects every waiting run, and every run that arrives later. */
  close(why: () => GitSyncError): void {
    this.#closed = why
    for (const run of this.#waiting) this.#reject(run, why())
  }

  /** The number of active runs, and of runs that wait for a slot or for their target. */
  load(): { running: number; slot: number; target: number } {
    const waiting = { slot: 0, target: 0 }
    for (const { place } of this.#places()) waiting[place.for]++
    return { running: this.#total, ...waiting }
  }

  /** Whether a waiting run could start if an active one into `target` ended. */
  isWaitedFor(target: string | undefined): boolean {
    return [...this.#places()].some(({ run, place }) => place.for === 'slot' || run.request.target === target)
  }

  /** A run whose target is busy is skipped but keeps its place in the queue. */
  #startEligible(): void {
    for (const run of this.#waiting) {
      if (!this.#hasRoomFor(run.caller)) continue
      const { target } = run.request
      if (target !== undefined && this.#targets.has(target)) continue
      this.#waiting.serve(run)
      this.#running.set(run.caller, (this.#running.get(run.caller) ?? 0) + 1)
      if (target !== undefined) this.#targets.add(target)
      run.admit()
    }
  }

  /** While one caller holds every slot, one extra slot is open to others, so that a single caller cannot block them. */
  #hasRoomFor(caller: string): boolean {
    const { maxConcurrent } = this.#limits
    if (this.#total < maxConcurrent) return true
    const isTakenByOne = maxConcurrent > 1 && this.#running.size === 1
    return isTakenByOne && this.#total === maxConcurrent && !this.#running.has(caller)
  }

  get #total(): number {
    return [...this.#running.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Refuses the new run, or the newest one of a caller that has more of them, so that one caller cannot fill the queue. */
  #refuseOne(newcomer: QueuedRun): void {
    const { maxConcurrent, maxQueued } = this.#limits
    const refused = this.#waiting.surplus(newcomer.caller) ?? newcomer
    const full = `GITSYNC_MAX_CONCURRENT ${maxConcurrent}, GITSYNC_MAX_QUEUED ${maxQueued}`
    const message = `The service is full (${full}): try again later.`
    this.#reject(refused, new GitSyncError('overloaded', message))
  }

  #reject(run: QueuedRun, error: GitSyncError): void {
    if (!this.#waiting.remove(run)) return
    run.refuse(error)
    this.#notifyPlaces()
  }

  #leave({ request, caller }: QueuedRun): void {
    const left = (this.#running.get(caller) ?? 0) - 1
    if (left > 0) this.#running.set(caller, left)
    else this.#running.delete(caller)
    if (request.target !== undefined) this.#targets.delete(request.target)
    this.#startEligible()
    this.#notifyPlaces()
  }

  #notifyPlaces(): void {
    for (const { run, place } of this.#places()) run.notify(place)
  }

  *#places(): Generator<{ run: QueuedRun; place: QueuedEvent }> {
    let slots = 0
    const intoTarget = new Map<string, number>()
    for (const run of this.#waiting) {
      const { target } = run.request
      const before = target === undefined ? 0 : (intoTarget.get(target) ?? 0)
      if (target !== undefined) intoTarget.set(target, before + 1)
      const isTaken = target !== undefined && (before > 0 || this.#targets.has(target))
      const place = isTaken ? { for: 'target', position: before + 1 } : { for: 'slot', position: ++slots }
      yield { run, place: { type: 'queued', ...place } as QueuedEvent }
    }
  }
}

/** A run that waits for admission. */
class QueuedRun {
  readonly caller: string
  readonly admitted: Promise<void>
  admit = () => {}
  refuse: (error: GitSyncError) => void = () => {}
  #notified = ''

  constructor(readonly request: RunRequest) {
    this.caller = request.caller
    this.admitted = new Promise((resolve, reject) => {
      this.admit = resolve
      this.refuse = reject
    })
  }

  notify(place: QueuedEvent): void {
    const current = `${place.for} ${place.position}`
    if (current === this.#notified) return
    this.#notified = current
    this.request.onQueued(place)
  }
}
