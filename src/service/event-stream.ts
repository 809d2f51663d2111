import type { Event } from '../../schemas/event.js'
import { jsonChunks } from './json-chunks.js'

const HEARTBEAT_AFTER = 15_000
const MAX_WAITING_BYTES = 256 * 1024

/**
 * A run's events as NDJSON, read at the caller's pace. A caller who reads slowly loses `progress` and `remote`
 * lines while too much is waiting, and nothing else; the run never waits for the caller.
 */
export class EventStream implements AsyncIterable<string> {
  #waiting: string[] = []
  #waitingBytes = 0
  #last: Event | undefined
  #wake = () => {}
  readonly #heartbeat: NodeJS.Timeout

  constructor() {
    this.#heartbeat = setTimeout(() => this.emit({ type: 'heartbeat' }), HEARTBEAT_AFTER).unref()
  }

  emit(event: Event): void {
    if (this.#last) return
    this.#heartbeat.refresh()
    const isFull = this.#waitingBytes > MAX_WAITING_BYTES
    if (isFull && (event.type === 'progress' || event.type === 'remote')) return
    const line = `${JSON.stringify(event)}\n`
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
    }
    yield* jsonChunks(this.#last)
    yield '\n'
  }
}
