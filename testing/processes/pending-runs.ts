import type { SyncResult } from '../../schemas/result.js'
import { abortError } from '../../src/errors.js'
import type { Client, RunEvent, RunOptions } from '../../src/index.js'
import { fakeClient } from './served-app.js'

export interface HeldRun {
  /** Its own name: the last part of the source's path. */
  name: string
  signal: AbortSignal
  tell(event: RunEvent): void
  end(result?: unknown): void
  fail(error: unknown): void
}

export interface HeldRuns {
  client: Client
  /** Those at work, in the order in which they began. */
  readonly running: HeldRun[]
  /** Resolves when so many have begun. */
  begun(count: number): Promise<HeldRun[]>
}

const nothingDone = { execution: { transferMode: 'none' }, counts: {}, refs: [] } as unknown as SyncResult

/** A client whose runs last until the test ends them, or their signal does. */
export function heldRuns(): HeldRuns {
  const running: HeldRun[] = []
  let onBegin = () => {}
  const work = ({ signal, onEvent }: Required<RunOptions>, request: { source: { url: string } }) =>
    new Promise((resolve, reject) => {
      const name = new URL(request.source.url).pathname.slice(1)
      signal.addEventListener('abort', () => reject(abortError(signal.reason)), { once: true })
      running.push({
        name,
        signal,
        tell: onEvent,
        end: (result = nothingDone) => resolve(result),
        fail: reject,
      })
      onBegin()
    })
  return {
    client: fakeClient(work),
    running,
    begun: async (count) => {
      while (running.length < count) {
        await new Promise<void>((resolve) => {
          onBegin = resolve
        })
      }
      return running
    },
  }
}
