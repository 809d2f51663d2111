import { setTimeout } from 'node:timers/promises'
import { GitSyncError } from '../errors.js'

/** Waits so many milliseconds. @throws the signal's reason */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>

export const waitByTimer: Wait = async (milliseconds, signal) => {
  await setTimeout(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted())
}

const ATTEMPTS = 3
const FIRST_PAUSE = 500
/** A host that wants more patience than this gets the next run. */
const LONGEST_PAUSE = 5 * 60 * 1000

export interface Retrying {
  signal: AbortSignal
  wait: Wait
  /** Whether an error may be gone the next time; by its own word, without this. */
  mayPass?: (error: GitSyncError) => boolean
}

/** Does what may fail for a while three times, with pauses that grow, or that the remote asks for. @throws the last error */
export async function retrying<T>(
  work: (attempt: number) => Promise<T>,
  { signal, wait, mayPass = ({ retryable }) => retryable }: Retrying,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof GitSyncError) || attempt === ATTEMPTS || !mayPass(error)) throw error
      const pause =
        error.retryAfter === undefined ? FIRST_PAUSE * 4 ** (attempt - 1) : error.retryAfter * 1000
      if (pause > LONGEST_PAUSE) throw error
      await wait(pause, signal)
    }
  }
}
