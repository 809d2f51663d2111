import { type ByteStream, wrapStream } from '../../runtime/byte-stream.js'

/** Where a run accounts for the memory that it holds, so that all runs of a process can share a budget. */
export interface MemoryAccount {
  /**
   * What `purpose` holds is `bytes` from now on, or still what it held before, if that was more. A promise where that has
   * to wait for room, until `signal` at most.
   *
   * @throws GitSyncError
   */
  hold(purpose: string, bytes: number, signal: AbortSignal): Promise<void> | undefined
}

/** The account of a run that may hold as much as it needs. */
export const UNACCOUNTED: MemoryAccount = { hold: () => undefined }

/** Bytes in memory for each byte of a response whose lines are kept as strings of their own. */
const HELD_PER_BYTE = 2

/** A body that is kept: it is read as far as there is room for it. */
export function accounted(
  body: ByteStream,
  { memory, signal }: { memory: MemoryAccount; signal: AbortSignal },
  purpose: string,
): ByteStream {
  let bytes = 0
  return wrapStream(body, {
    chunk(chunk) {
      bytes += chunk.length
      return memory.hold(purpose, bytes * HELD_PER_BYTE, signal)?.then(() => chunk) ?? chunk
    },
  })
}
