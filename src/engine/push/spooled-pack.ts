import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { GitSyncError } from '../../errors.js'
import { hashSize, type ObjectFormat } from '../../git/refs/object-id.js'
import { byteSize } from '../../runtime/units.js'
import { type Setting, setting, worded } from '../../wording.js'
import type { CountedPack } from './counted-pack.js'

export interface SpoolOptions {
  folder: string
  format: ObjectFormat
  maxBytes: number
  maxObjects: number
}

const READ_SIZE = 256 * 1024

/**
 * A pack in a private file, whole and verified: its size is known before it is sent, and it can be sent again.
 * The file has no name from the moment that it is open, so that nothing can be left behind, not even by a crash.
 */
export class SpooledPack {
  readonly size: number
  readonly #file: FileHandle

  private constructor(file: FileHandle, size: number) {
    this.#file = file
    this.size = size
  }

  /**
   * Reads a pack to its end.
   *
   * @throws GitSyncError `pack_limit_exceeded` beyond the options' limits, or where the folder cannot hold it;
   *   `source_protocol_error` for a pack whose checksum is wrong
   */
  static async read(pack: CountedPack, options: SpoolOptions): Promise<SpooledPack> {
    if (pack.objects > options.maxObjects)
      throw tooLarge(`${options.maxObjects} objects`, 'options.materializedMaxObjects')
    const file = await privateFile(options.folder)
    try {
      await write(file, pack, options)
      return new SpooledPack(file, pack.bytes)
    } catch (error) {
      await file.close()
      throw asSpoolError(error)
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (let at = 0; at < this.size; ) {
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(READ_SIZE), 0, READ_SIZE, at)
      if (bytesRead === 0) throw new Error('the spooled pack has lost its end')
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  /** Releases the file and its disk space. */
  async close(): Promise<void> {
    await this.#file.close()
  }
}

async function privateFile(folder: string): Promise<FileHandle> {
  try {
    const path = join(folder, `git-sync-${randomUUID()}.pack`)
    const file = await open(path, 'wx+', 0o600)
    await unlink(path)
    return file
  } catch (error) {
    throw asSpoolError(error)
  }
}

/** Writes the pack, and checks the checksum that it ends in. */
async function write(file: FileHandle, pack: CountedPack, { format, maxBytes }: SpoolOptions): Promise<void> {
  const hash = createHash(format)
  let tail: Buffer = Buffer.alloc(0)
  for await (const chunk of pack) {
    if (pack.bytes > maxBytes) throw tooLarge(byteSize(maxBytes), 'options.materializedMaxBytes')
    await file.writeFile(chunk)
    const bytes = Buffer.concat([tail, chunk])
    const end = Math.max(0, bytes.length - hashSize(format))
    hash.update(bytes.subarray(0, end))
    tail = bytes.subarray(end)
  }
  if (!hash.digest().equals(tail)) {
    throw new GitSyncError('source_protocol_error', 'The source sent a pack whose checksum is wrong.')
  }
}

function tooLarge(what: string, limit: Setting): GitSyncError {
  const message = worded`The pack to spool is over ${what}: raise ${setting(limit)}, or sync fewer refs.`
  return new GitSyncError('pack_limit_exceeded', message)
}

function asSpoolError(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (error instanceof GitSyncError || syscall === undefined) return error
  const hint = worded`point ${setting('spoolDir')} to a folder that can`
  const message = worded`The spool folder cannot hold the pack (${code ?? syscall}): ${hint}.`
  return new GitSyncError('pack_limit_exceeded', message, { cause: error })
}
