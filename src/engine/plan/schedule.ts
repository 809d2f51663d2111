import { GitSyncError } from '../../errors.js'
import type { Command } from '../../git/wire/push-request.js'
import { filterYielding, Pace } from '../../runtime/yield.js'
import { namesFreedBy } from './freed-names.js'
import { moveOf, type PlannedRef } from './plan-refs.js'

// JGit's default limit on the commands of one push.
const MAX_COMMAND_BYTES = 3 * 1024 * 1024

/**
 * The plan's commands, in pushes that the target accepts: deletes first, so that a branch `a` can become `a/b`, then
 * HEAD's branch, as hosts make the first branch the default one, then the rest. Where one push cannot hold them
 * all, deletes go in the last, with the creates whose names they free.
 */
export async function schedulePushes(
  plan: readonly PlannedRef[],
  head: string | undefined,
  maxRefUpdates: number,
  signal?: AbortSignal,
): Promise<Command[][]> {
  const pick = (test: (ref: PlannedRef) => boolean, from = plan) => filterYielding(from, test, { signal })
  const inPushes = (...parts: PlannedRef[][]) => cut(parts, maxRefUpdates, signal)
  const deletes = await pick(isDelete)
  const writes = await pick(isWrite)
  const isHead = ({ sourceRef }: PlannedRef) => sourceRef === head
  const headFirst = [...(await pick(isHead, writes)), ...(await pick((ref) => !isHead(ref), writes))]
  const whole = await inPushes(deletes, headFirst)
  if (whole.length <= 1) return whole
  const freed = await namesFreedBy(deletes, headFirst, signal)
  const free = await pick((ref) => !freed.has(ref.targetRef), headFirst)
  const waiting = await pick((ref) => freed.has(ref.targetRef), headFirst)
  const apart = [...(await inPushes(free)), ...(await inPushes(deletes, waiting))]
  const packed = await inPushes(free, deletes, waiting)
  return packed.length < apart.length ? packed : apart
}

/** Whether a new ref needs the name of a deleted one, as `a/b` needs that of `a`. */
export async function reusesFreedNames(plan: readonly PlannedRef[], signal?: AbortSignal): Promise<boolean> {
  const deletes = await filterYielding(plan, isDelete, { signal })
  const writes = await filterYielding(plan, isWrite, { signal })
  return (await namesFreedBy(deletes, writes, signal)).size > 0
}

function isWrite({ action }: PlannedRef): boolean {
  return action === 'create' || action === 'update'
}

function isDelete({ action }: PlannedRef): boolean {
  return action === 'delete'
}

async function cut(
  parts: readonly PlannedRef[][],
  maxRefUpdates: number,
  signal: AbortSignal | undefined,
): Promise<Command[][]> {
  const pushes: Command[][] = []
  const pace = new Pace(signal)
  let bytes = 0
  for (const refs of parts) {
    for (const planned of refs) {
      const command = commandOf(planned)
      const { ref, oldId, newId } = command
      const size = 2 * Math.max(oldId.length, newId.length) + Buffer.byteLength(ref) + 6
      const last = pushes.at(-1)
      bytes += size
      if (last && last.length < maxRefUpdates && bytes <= MAX_COMMAND_BYTES) {
        last.push(command)
      } else {
        pushes.push([command])
        bytes = size
      }
      if (pace.spend()) await pace.turn()
    }
  }
  return pushes
}

/** Pushes nothing whose command would do something other than its action says. */
function commandOf(planned: PlannedRef): Command {
  const { action, targetRef, targetHash, sourceHash } = planned
  if (action === moveOf(planned)) return { ref: targetRef, oldId: targetHash, newId: sourceHash }
  const message = `The plan would ${action} ${targetRef} by a command that does something else: nothing was pushed.`
  throw new GitSyncError('internal', message)
}
