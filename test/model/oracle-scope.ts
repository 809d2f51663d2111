import type { RefScope } from '../../src/index.js'
import { isPushable, isReservedName, kindOf } from './git-names.js'
import type { DrawnRequest } from './request.js'
import { fullName, matchName } from './scope-names.js'

export interface Desired {
  sourceRef: string
  targetRef: string
  sourceHash: string
}

type Refs = Record<string, string>

/** api.md, "Scope", "Names" and "Excludes". `undefined` where it says `no_matching_refs`. */
export async function desiredRefs(
  request: DrawnRequest,
  source: Refs,
): Promise<Map<string, Desired> | undefined> {
  const { scope } = request
  const desired = new Map<string, Desired>()
  const add = async (sourceRef: string, targetRef: string) => {
    const names = [sourceRef, targetRef]
    if (names.some(isReservedName) || !(await isPushable(targetRef))) return
    desired.set(targetRef, { sourceRef, targetRef, sourceHash: source[sourceRef] ?? '' })
  }
  for (const name of Object.keys(source)) {
    if (isInScope(request, name) && !isExcluded(scope, name)) await add(name, name)
  }
  // A mapping's target wins over a discovered ref of that name.
  for (const mapping of scope.mappings ?? []) {
    const hasStar = mapping.source.includes('*')
    if (!hasStar && source[fullName(mapping.source)] === undefined) return undefined
    for (const name of Object.keys(source)) {
      const star = matchName(mapping.source, name)
      if (star === undefined) continue
      const target = fullName(mapping.target).replace('*', () => star)
      if (!hasStar || !isExcluded(scope, name, target)) await add(name, target)
    }
  }
  return desired.size === 0 ? undefined : desired
}

/** Branches that the request names and the source lacks: each is a notice. */
export function absentBranches({ scope }: DrawnRequest, source: Refs): string[] {
  const names = (scope.branches ?? []).filter((name) => !name.includes('*')).map(fullName)
  return names.filter((name) => source[name] === undefined)
}

/** api.md, "Pruned" and "Excludes": whether a target ref that no source ref stands for is to be deleted. */
export async function isPruned(request: DrawnRequest, name: string): Promise<boolean> {
  const { scope } = request
  if (isReservedName(name) || !(await isPushable(name)) || isExcluded(scope, name)) return false
  let isMapped = false
  for (const { source, target } of scope.mappings ?? []) {
    const star = target.includes('*') ? matchName(target, name) : undefined
    if (star === undefined) continue
    if (
      isExcluded(
        scope,
        fullName(source).replace('*', () => star),
      )
    )
      return false
    isMapped = true
  }
  if (isMapped) return true
  // Of other refs: with allRefs and no mappings.
  if (kindOf(name) === 'other' && (scope.mappings ?? []).length > 0) return false
  return isInScope(request, name)
}

/** Whether a ref is one of those that the scope takes under their own names. */
function isInScope({ scope, policy }: DrawnRequest, name: string): boolean {
  const branches = scope.branches ?? []
  const hasMappings = (scope.mappings ?? []).length > 0
  switch (kindOf(name)) {
    case 'tag':
      return policy.includeTags === true || scope.allRefs === true
    case 'other':
      return scope.allRefs === true
    default:
      if (hasMappings) return false
      return branches.length === 0 || branches.some((pattern) => matchName(pattern, name) !== undefined)
  }
}

function isExcluded({ excludeRefPrefixes, excludeRefs }: RefScope, ...names: string[]): boolean {
  return names.some(
    (name) =>
      (excludeRefPrefixes ?? []).some((prefix) => name.startsWith(prefix)) ||
      (excludeRefs ?? []).some((pattern) => matchName(pattern, name) !== undefined),
  )
}
