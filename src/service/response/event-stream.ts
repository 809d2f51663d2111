import type { Event } from '../../../schemas/event.js'
import { jsonChunks } from '../../runtime/json-chunks.js'

const HEARTBEAT_AFTER = 15_000
/** While more is waiting, `progress` and `remote` lines are dropped. */
const MAX_WAITING_BYTES = 256 * 1024
/** While more is waiting, so are lines of which a remote or other callers determine the number. */
const MOST_WAITING_BYTES = 1024 * 1024
/** What a slow caller may miss, and what it misses only if it reads nothing at all. */
const DROPPED_FIRST: ReadonlySet<Event['type']> = new Set(['progress', 'remote'])
const DROPPED_LAST: ReadonlySet<Event['type']> = new Set(['queued', 'notice', 'heartbeat'])

/** Accounts for what waits; false where there is no room for it. */
export type HoldWaiting = (bytes: number) => boolean

/**
 * A run's events as NDJSON, read at the caller's pace. A caller who reads slowly loses `progress` and `remote`
 * lines while too much is waiting, and nothing else until four times as much is; the run never waits for the caller.
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

  /** The line that ends the stream, a `result` or an `error`. */
  end(last: Event): void {
    this.#last ??= last
    this.close()
  }

  /** Ends the heartbeat of a stream that nobody will read. */
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
