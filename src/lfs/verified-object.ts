import { createHash } from 'node:crypto'
import type { GitSyncError } from '../errors.js'
import { missingAtSource } from './lfs-error.js'
import type { Download } from './lfs-http.js'
import type { Pointer } from './pointer.js'

/** The bytes that came are not the object. They may have been damaged on their way. */
export class CorruptObjectError extends Error {
  override readonly name = 'CorruptObjectError'
}

/**
 * An object's bytes. The last chunk is passed on only after the size and SHA-256 of all of them have been checked: a server that was given the
 * length, and receives less, cannot keep the object.
 *
 * @throws GitSyncError with a CorruptObjectError as cause; what the body throws
 */
export async function* verifiedObject(
  { body }: Pick<Download, 'body'>,
  { oid, size }: Pointer,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let bytes = 0
  let held: Buffer | undefined
  try {
    for await (const chunk of body) {
      if (chunk.length === 0) continue
      bytes += chunk.length
      onBytes(chunk.length)
      if (bytes > size) throw corrupt(`it sends more than the ${size} bytes that the pointer says`)
      hash.update(chunk)
      if (held) yield held
      held = chunk
    }
    if (bytes < size) throw corrupt(`it sends ${bytes} bytes of the ${size} that the pointer says`)
    if (hash.digest('hex') !== oid) throw corrupt('what it sends has another SHA-256')
    if (held) yield held
  } finally {
    await body.return()
  }
}

/** Refuses a response that is not an object of that size, before any byte of it is passed on. @throws GitSyncError */
export async function checkLength({ length, body }: Download, { size }: Pointer): Promise<void> {
  if (length === undefined || length === size) return
  await body.return()
  throw corrupt(`it sends ${length} bytes where the pointer says ${size}`)
}

function corrupt(why: string): GitSyncError {
  return missingAtSource(why, new CorruptObjectError(why))
}
