import type { RefMapping, RefScope } from '../../src/index.js'
import { isPushable, isReservedName, kindOf } from './git-names.js'
import type { DrawnRequest } from './request.js'
import { fullName } from './scope-names.js'

/** Whether a request is among those that api.md refuses under "Refused with 400 `invalid_request`". */
export async function isInvalid({ verb, scope, policy }: DrawnRequest): Promise<boolean> {
  const lease = policy.force === true || policy.forceWithLease === true
  const isReplicate = verb === 'replicate' || policy.mode === 'replicate'
  const hasBranches = (scope.branches ?? []).length > 0
  const hasMappings = (scope.mappings ?? []).length > 0
  const excludes = [...(scope.excludeRefPrefixes ?? []), ...(scope.excludeRefs ?? [])]
  return (
    (lease && policy.forceBlind === true) ||
    (isReplicate && (lease || policy.forceBlind === true)) ||
    (policy.atomic === true && policy.bestEffort === true) ||
    excludes.some((exclude) => !exclude.startsWith('refs/')) ||
    (hasBranches && (hasMappings || scope.allRefs === true)) ||
    (await hasInvalidMapping(scope))
  )
}

async function hasInvalidMapping({ mappings, allRefs }: RefScope): Promise<boolean> {
  const list = mappings ?? []
  for (const [index, mapping] of list.entries()) {
    if (await isInvalidMapping(mapping, allRefs === true)) return true
    if (list.slice(0, index).some((other) => overlap(fullName(other.target), fullName(mapping.target)))) {
      return true
    }
  }
  return false
}

async function isInvalidMapping({ source, target }: RefMapping, allRefs: boolean): Promise<boolean> {
  const isMixed = source.startsWith('refs/') !== target.startsWith('refs/')
  const names = [fullName(source), fullName(target)]
  const stars = names.map((name) => name.split('*').length - 1)
  const [from, to] = names.map(kindOf)
  const arePushable = await Promise.all(names.map((name) => isPushable(name.replaceAll('*', 'x'))))
  return (
    isMixed ||
    stars[0] !== stars[1] ||
    stars.some((count) => count > 1) ||
    from !== to ||
    (from === 'other' && !allRefs) ||
    // Refs of its own, and names that git takes in no push, cannot be meant.
    names.some(isReservedName) ||
    arePushable.includes(false)
  )
}

/** Whether some name is a target of both. */
function overlap(a: string, b: string): boolean {
  const [headA = '', tailA] = a.split('*')
  const [headB = '', tailB] = b.split('*')
  if (tailA === undefined && tailB === undefined) return a === b
  if (tailA === undefined || tailB === undefined) {
    const [name, head, tail] = tailA === undefined ? [a, headB, tailB ?? ''] : [b, headA, tailA]
    return name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail)
  }
  const starts = headA.startsWith(headB) || headB.startsWith(headA)
  return starts && (tailA.endsWith(tailB) || tailB.endsWith(tailA))
}
