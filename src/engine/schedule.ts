import type { Command } from '../git/push-request.js'
import type { PlannedRef } from './plan.js'

// JGit's default limit on the commands of one push.
const MAX_COMMAND_BYTES = 3 * 1024 * 1024

/**
 * The plan's commands, in pushes that the target takes: deletes first, so that a branch `a` can become `a/b`, then
 * HEAD's branch, as hosts make the first branch the default one, then the rest. Where one push cannot hold them
 * all, deletes go in the last, with the creates whose names they free.
 */
export function schedulePushes(
  plan: readonly PlannedRef[],
  head: string | undefined,
  maxRefUpdates: number,
): Command[][] {
  const deletes = plan.filter(({ action }) => action === 'delete')
  const isHead = ({ sourceRef }: PlannedRef) => sourceRef === head
  const writes = plan.filter(isWrite)
  const headFirst = [...writes.filter(isHead), ...writes.filter((ref) => !isHead(ref))]
  const whole = inPushes([...deletes, ...headFirst], maxRefUpdates)
  if (whole.length <= 1) return whole
  const isFreed = namesFreedBy(deletes)
  const free = headFirst.filter((ref) => !isFreed(ref.targetRef))
  const waiting = headFirst.filter((ref) => isFreed(ref.targetRef))
  const apart = [...inPushes(free, maxRefUpdates), ...inPushes([...deletes, ...waiting], maxRefUpdates)]
  const packed = inPushes([...free, ...deletes, ...waiting], maxRefUpdates)
  return packed.length < apart.length ? packed : apart
}

/** Whether a new ref needs the name of a deleted one, as `a/b` needs that of `a`. */
export function reusesFreedNames(plan: readonly PlannedRef[]): boolean {
  const isFreed = namesFreedBy(plan.filter(({ action }) => action === 'delete'))
  return plan.some((ref) => isWrite(ref) && isFreed(ref.targetRef))
}

function isWrite({ action }: PlannedRef): boolean {
  return action === 'create' || action === 'update'
}

/** Whether a name cannot exist beside a deleted one: `a` and `a/b` exclude each other. */
function namesFreedBy(deletes: readonly PlannedRef[]): (name: string) => boolean {
  const deleted = new Set(deletes.map(({ targetRef }) => targetRef))
  const parents = new Set(deletes.flatMap(({ targetRef }) => parentsOf(targetRef)))
  return (name) => parents.has(name) || parentsOf(name).some((parent) => deleted.has(parent))
}

function parentsOf(name: string): string[] {
  const parts = name.split('/')
  return parts.slice(1, -1).map((_, index) => parts.slice(0, index + 2).join('/'))
}

function inPushes(refs: readonly PlannedRef[], maxRefUpdates: number): Command[][] {
  const pushes: Command[][] = []
  let bytes = 0
  for (const { targetRef, targetHash, sourceHash } of refs) {
    const size = 2 * Math.max(targetHash.length, sourceHash.length) + Buffer.byteLength(targetRef) + 6
    const last = pushes.at(-1)
    bytes += size
    const command = { ref: targetRef, oldId: targetHash, newId: sourceHash }
    if (last && last.length < maxRefUpdates && bytes <= MAX_COMMAND_BYTES) {
      last.push(command)
    } else {
      pushes.push([command])
      bytes = size
    }
  }
  return pushes
}
