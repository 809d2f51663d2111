import type { QueuedEvent } from '../../../schemas/event.js'
import { abortError, GitSyncError } from '../../errors.js'
import { FairQueue } from './fair-queue.js'

export interface AdmissionLimits {
  maxConcurrent: number
  maxQueued: number
}

export interface RunRequest {
  caller: string
  /** The repository that is written to, alike for all its URLs; nobody else writes to it meanwhile. */
  target: string | undefined
  /** Whoever gives up leaves the queue. */
  signal: AbortSignal
  /** Told when the place in the queue changes. */
  onQueued: (event: QueuedEvent) => void
}

/** Lets in so many runs at a time, and one into each target; the others wait, in turns between callers. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #waiting = new FairQueue<QueuedRun>()
  readonly #targets = new Set<string>()
  /** How many run, by caller. */
  readonly #running = new Map<string, number>()
  #closed: (() => GitSyncError) | undefined

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** Whether new work is taken, even if it has to wait. */
  get isOpen(): boolean {
    return this.#closed === undefined
  }

  /**
   * Resolves when it is this one's turn; whoever was let in calls what it gets, once, when it is done.
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

  /** Sends everybody away who waits, and whoever comes from now on. */
  close(why: () => GitSyncError): void {
    this.#closed = why
    for (const run of this.#waiting) this.#reject(run, why())
  }

  /** How many run, and how many wait for what. */
  load(): { running: number; slot: number; target: number } {
    const waiting = { slot: 0, target: 0 }
    for (const { place } of this.#places()) waiting[place.for]++
    return { running: this.#total, ...waiting }
  }

  /** Whether a waiting run would begin if one into `target` ended. */
  isWaitedFor(target: string | undefined): boolean {
    return [...this.#places()].some(({ run, place }) => place.for === 'slot' || run.request.target === target)
  }

  /** Whoever's target is taken is passed over, and keeps its turn. */
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

  /** While one caller has every slot there is one more, for another: nobody can keep everybody else waiting. */
  #hasRoomFor(caller: string): boolean {
    const { maxConcurrent } = this.#limits
    if (this.#total < maxConcurrent) return true
    const isTakenByOne = maxConcurrent > 1 && this.#running.size === 1
    return isTakenByOne && this.#total === maxConcurrent && !this.#running.has(caller)
  }

  get #total(): number {
    return [...this.#running.values()].reduce((sum, count) => sum + count, 0)
  }

  /** The newcomer, or the newest of a caller who has filled the queue, so that nobody keeps others out. */
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

/** One who waits. */
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
