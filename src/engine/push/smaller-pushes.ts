import { isAboutOneRef, namedRefCount } from '../../git/http/refusals/refusal-words.js'
import type { Command } from '../../git/wire/push-request.js'
import { isOrderly, nothingMoved, type Pushed } from './push-error.js'

/** More pushes than these are not made of refused ones in a run: halving finds a handful of refs among thousands. */
export const MAX_SMALLER_PUSHES = 64

/**
 * The pushes to try in the place of one of which the target took nothing, since one of its refs, or their number,
 * may have decided over all. None where that would not help.
 */
export function smallerPushes(
  commands: readonly Command[],
  pushed: Pushed,
  bestEffort: boolean,
): Command[][] {
  if (commands.length < 2 || !isOrderly(pushed) || !nothingMoved(pushed.outcomes)) return []
  const { refusal } = pushed
  if (refusal?.cause === 'ref-count') return fewerRefs(commands, namedRefCount(refusal.line))
  return bestEffort ? withoutCompany(commands, pushed) : []
}

/** In order, `size` at a time. */
export function inChunks(commands: readonly Command[], size: number): Command[][] {
  const chunks: Command[][] = []
  for (let at = 0; at < commands.length; at += size) chunks.push(commands.slice(at, at + size))
  return chunks
}

/** As many as the target says that it accepts; else halves. */
function fewerRefs(commands: readonly Command[], most = commands.length): Command[][] {
  return inChunks(commands, most < commands.length ? most : Math.ceil(commands.length / 2))
}

/**
 * A hook may decline a push for one of its refs. Those of the same kind and the same reason stay together at first;
 * those that were refused for themselves are left out.
 */
function withoutCompany(commands: readonly Command[], { outcomes }: Pushed): Command[][] {
  const groups = new Map<string, Command[]>()
  for (const command of commands) {
    const reason = reasonOf(command, outcomes)
    if (isAboutOneRef(reason)) continue
    const key = [kindOfCommand(command), reason].join('\n')
    const group = groups.get(key)
    if (group) group.push(command)
    else groups.set(key, [command])
  }
  const apart = [...groups.values()]
  const [only] = apart
  return only && only.length === commands.length ? fewerRefs(commands) : apart
}

function reasonOf({ ref }: Command, outcomes: Pushed['outcomes']): string {
  const outcome = outcomes.get(ref)
  // Some reasons name their ref.
  return outcome?.type === 'refused' ? outcome.reason.replaceAll(ref, '') : ''
}

/** Deletes, or the namespace: branches, tags, `refs/pull`. */
function kindOfCommand({ ref, newId }: Command): string {
  return newId === '' ? 'delete' : ref.split('/', 2).join('/')
}
