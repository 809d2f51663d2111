import type { Event } from '../../../schemas/event.js'
import { jsonChunks } from '../../runtime/json-chunks.js'

const HEARTBEAT_AFTER = 15_000
/** While more than this waits, `progress` and `remote` lines are dropped. */
const MAX_WAITING_BYTES = 256 * 1024
/** While more than this waits, other lines whose number a remote or other callers control are dropped too. */
const MOST_WAITING_BYTES = 1024 * 1024
/** Events that a slow caller may miss, and events that only a caller that reads nothing misses. */
const DROPPED_FIRST: ReadonlySet<Event['type']> = new Set(['progress', 'remote'])
const DROPPED_LAST: ReadonlySet<Event['type']> = new Set(['queued', 'notice', 'heartbeat'])

/** Accounts for the bytes that wait; false if there is no room for them. */
export type HoldWaiting = (bytes: number) => boolean

/**
 * A run's events as NDJSON, read at the caller's pace. The run never waits for the caller: while too much is unread,
 * `progress` and `remote` lines are dropped, and beyond four times that also `queued`, `notice` and `heartbeat` lines.
 */
export class EventStream implements AsyncIterable<string> {
  #waiting: string[] = []
  #waitingBytes = 0
  #last: Event | undefined
  #wake = () => {}
  readonly #heartbeat: NodeJS.Timeout
  readonly #hold: HoldWaiting

  constructor(hold: HoldWaiting = () => true) {
    this.#hold = hold
    this.#heartbeat = setTimeout(() => this.emit({ type: 'heartbeat' }), HEARTBEAT_AFTER).unref()
  }

  emit(event: Event): void {
    if (this.#last) return
    this.#heartbeat.refresh()
    if (this.#waitingBytes > MAX_WAITING_BYTES && DROPPED_FIRST.has(event.type)) return
    if (this.#waitingBytes > MOST_WAITING_BYTES && DROPPED_LAST.has(event.type)) return
    const line = `${JSON.stringify(event)}\n`
    const hasRoom = this.#hold(this.#waitingBytes + line.length)
    if (!hasRoom && DROPPED_FIRST.has(event.type)) return
    this.#waiting.push(line)
    this.#waitingBytes += line.length
    this.#wake()
  }

  /** Ends the stream with its last line, a `result` or an `error`. */
  end(last: Event): void {
    this.#last ??= last
    this.close()
  }

  /** Stops the heartbeat. */
  close(): void {
    clearTimeout(this.#heartbeat)
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      const lines = this.#waiting
      this.#waiting = []
      this.#waitingBytes = 0
      if (lines.length > 0) yield lines.join('')
      else if (this.#last) break
      else await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#hold(this.#waitingBytes)
    }
    yield* jsonChunks(this.#last)
    yield '\n'
  }
}
