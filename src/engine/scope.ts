import type { RefScope } from '../../schemas/request.js'
import { isValidRefName, kindOfRef } from '../git/ref-name.js'
import { RefPattern } from './ref-pattern.js'

export interface Mapping {
  source: RefPattern
  target: RefPattern
}

/** Which refs a run manages: the request's scope with full names, `null` and `[]` lists made alike. */
export interface Scope {
  branches: readonly RefPattern[]
  mappings: readonly Mapping[]
  tags: boolean
  others: boolean
  excludes: readonly RefPattern[]
  /** Where this program keeps refs of its own on the target. */
  tempRefPrefix: string
}

/** The prefix of our own refs wherever we come across them. */
export const RESERVED_PREFIX = 'refs/gitsync'

const BRANCHES = 'refs/heads/'
const MAX_PREFIXES = 100

export function toScope(
  scope: RefScope,
  includeTags: boolean,
  tempRefPrefix: string = RESERVED_PREFIX,
): Scope {
  return {
    branches: (scope.branches ?? []).map(branchPattern),
    mappings: (scope.mappings ?? []).map(({ source, target }) => ({
      source: branchPattern(source),
      target: branchPattern(target),
    })),
    tags: includeTags || scope.allRefs === true,
    others: scope.allRefs === true,
    excludes: [
      ...(scope.excludeRefPrefixes ?? []).map((prefix) => new RefPattern(`${prefix}*`)),
      ...(scope.excludeRefs ?? []).map((ref) => new RefPattern(ref)),
    ],
    tempRefPrefix,
  }
}

/** The prefixes of all source refs in the scope, as hints for `ls-refs`; HEAD tells the default branch. */
export function refPrefixes(scope: Scope): string[] {
  if (scope.others) return ['HEAD', 'refs/']
  const named = [...scope.branches, ...scope.mappings.map(({ source }) => source)]
  const prefixes = named.length === 0 ? [BRANCHES] : named.map((pattern) => pattern.prefix)
  if (scope.tags) prefixes.push('refs/tags/')
  return prefixes.length > MAX_PREFIXES ? ['HEAD', 'refs/'] : [...new Set(['HEAD', ...prefixes])]
}

/** What matching one name against all patterns costs, in microseconds, roughly: a caller may send ten thousands. */
export function costOfMatching({ excludes, branches, mappings }: Scope): number {
  return 1 + (excludes.length + branches.length + mappings.length) / 20
}

/** Refs of this program itself, never mirrored, planned or pruned. */
export function isReserved(ref: string, prefix = RESERVED_PREFIX): boolean {
  return ref.startsWith(prefix) && (ref.length === prefix.length || ref[prefix.length] === '/')
}

export function isExcluded({ excludes }: Scope, name: string): boolean {
  return excludes.some((pattern) => pattern.match(name) !== undefined)
}

/**
 * Whether pruning may delete a target ref that no source ref stands for. An exclude keeps it under its own name
 * and under the name that a mapping would give it on the source.
 */
export function mayPrune(scope: Scope, ref: string): boolean {
  if (isReserved(ref) || isReserved(ref, scope.tempRefPrefix) || !isValidRefName(ref)) return false
  if (isExcluded(scope, ref)) return false
  const mapping = scope.mappings.find(({ target }) => target.hasStar && target.match(ref) !== undefined)
  if (mapping) return !isExcluded(scope, mapping.source.expand(mapping.target.match(ref) ?? ''))
  const kind = kindOfRef(ref)
  if (kind === 'tag') return scope.tags
  if (scope.mappings.length > 0) return false
  if (kind === 'other') return scope.others
  return scope.branches.length === 0 || scope.branches.some((pattern) => pattern.match(ref) !== undefined)
}

function branchPattern(name: string): RefPattern {
  return new RefPattern(branchRef(name))
}

/** The full name; a short one is a branch's. */
export function branchRef(name: string): string {
  return name.startsWith('refs/') ? name : BRANCHES + name
}
