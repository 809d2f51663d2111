import { createHash } from 'node:crypto'
import type { Command } from '../../git/wire/push-request.js'
import { forEachYielding } from '../../runtime/yield.js'
import { repositoryKey } from '../request/repository-key.js'
import { isReserved } from '../request/scope.js'

/** Temporary refs of other sources are deleted once no run can be using them: after twice the default run timeout. */
const STALE_AFTER_MS = 12 * 60 * 60 * 1000
const NAME = /^(?<source>[0-9a-f]{16})-(?<time>[0-9a-z]+)\//

/**
 * The refs that hold what has arrived of a transfer in batches. Their names tell the source and the time of the run:
 * `<prefix>/<digest of the source's URL>-<time>/<n>`.
 */
export class TempRefs {
  readonly #folder: string
  /** By object id: the ref that holds it. */
  readonly #held = new Map<string, string>()
  #count = 0

  constructor(prefix: string, sourceUrl: string, now: number) {
    this.#folder = `${prefix}/${sourceDigest(sourceUrl)}-${now.toString(36)}`
  }

  /** Creates refs for `heads` and deletes the others. Creates come first, so no object is ever unreferenced. */
  move(heads: readonly string[]): Command[] {
    const wanted = new Set(heads)
    const creates = heads.filter((id) => !this.#held.has(id)).map((id) => this.#create(id))
    const deletes = this.deletes().filter(({ oldId }) => !wanted.has(oldId))
    return [...creates, ...deletes]
  }

  /** Deletes all of them. */
  deletes(): Command[] {
    return [...this.#held].map(([oldId, ref]) => ({ ref, oldId, newId: '' }))
  }

  /** Records commands that the target has carried out. */
  confirm(commands: readonly Command[]): void {
    for (const { ref, oldId, newId } of commands) {
      if (newId === '') this.#held.delete(oldId)
      else this.#held.set(newId, ref)
    }
  }

  #create(newId: string): Command {
    return { ref: `${this.#folder}/${++this.#count}`, oldId: '', newId }
  }
}

/** Deletes, under a lease, of temporary refs that were left by earlier runs of this source, or long ago by others. */
export async function leftovers(
  refs: ReadonlyMap<string, string>,
  prefix: string,
  sourceUrl: string,
  now: number,
): Promise<Command[]> {
  const own = sourceDigest(sourceUrl)
  const commands: Command[] = []
  await forEachYielding(refs, ([ref, oldId]) => {
    if (!isReserved(ref, prefix)) return
    const { source, time = '' } = NAME.exec(ref.slice(prefix.length + 1))?.groups ?? {}
    const isStale = now - Number.parseInt(time, 36) > STALE_AFTER_MS
    if (source === own || (source !== undefined && isStale)) commands.push({ ref, oldId, newId: '' })
  })
  return commands
}

function sourceDigest(url: string): string {
  return createHash('sha256').update(repositoryKey(url)).digest('hex').slice(0, 16)
}
