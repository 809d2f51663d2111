import { GitSyncError } from '../errors.js'
import type { ObjectFormat } from '../git/object-id.js'
import { PackTail } from '../git/pack.js'
import type { PackStream } from '../git/pack-stream.js'
import type { ProgressMeter } from './progress.js'

export interface Relay {
  /** What the push sends. */
  bytes: AsyncIterable<Buffer>
  /** True once the end of the pack was let go: from then on the target may move refs. */
  committed: () => boolean
}

/**
 * The source's pack on its way to the target: nothing is decoded or collected, and the target's back-pressure is
 * the source's. Its end is held back until the source has ended well.
 */
export function relayPack(
  pack: PackStream,
  format: ObjectFormat,
  meter: ProgressMeter,
  maxPackBytes: number,
): Relay {
  let committed = false
  return { bytes: relayed(), committed: () => committed }

  async function* relayed(): AsyncGenerator<Buffer> {
    const tail = new PackTail(format)
    for await (const chunk of pack) {
      meter.sourceBytes += chunk.length
      if (meter.sourceBytes > maxPackBytes) throw overLimit(maxPackBytes)
      for (const free of tail.push(chunk)) {
        yield free
        meter.targetBytes += free.length
      }
      meter.changed()
    }
    committed = true
    for (const last of tail.release()) {
      yield last
      meter.targetBytes += last.length
    }
    meter.enter('confirm')
  }
}

function overLimit(maxPackBytes: number): GitSyncError {
  const hint = 'nothing was moved; raise options.maxPackBytes or sync fewer refs'
  return new GitSyncError(
    'pack_limit_exceeded',
    `The source sends more than ${maxPackBytes} bytes of packs: ${hint}.`,
  )
}
