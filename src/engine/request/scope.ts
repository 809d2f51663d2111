import type { RefScope } from '../../../schemas/request.js'
import { canonicalText } from '../../git/refs/byte-text.js'
import { isValidRefName, kindOfRef } from '../../git/refs/ref-name.js'
import { PatternIndex } from './pattern-index.js'
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
  /** The same, to be searched by name. */
  index: ScopeIndex
  /** Where this program keeps refs of its own on the target. */
  tempRefPrefix: string
}

export interface ScopeIndex {
  branches: PatternIndex<RefPattern>
  /** Those with a `*`, by what they match on the source, and on the target. */
  sources: PatternIndex<Mapping>
  targets: PatternIndex<Mapping>
  excludes: PatternIndex<RefPattern>
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
  const branches = [...new Set(scope.branches)].map(branchPattern)
  const mappings = (scope.mappings ?? []).map(({ source, target }) => ({
    source: branchPattern(source),
    target: branchPattern(target),
  }))
  const prefixes = (scope.excludeRefPrefixes ?? []).map((prefix) => `${prefix}*`)
  const excludes = [...new Set([...prefixes, ...(scope.excludeRefs ?? [])])].map(
    (text) => new RefPattern(text),
  )
  return {
    branches,
    mappings,
    tags: includeTags || scope.allRefs === true,
    others: scope.allRefs === true,
    excludes,
    index: indexOf(branches, mappings, excludes),
    tempRefPrefix,
  }
}

function indexOf(
  branches: readonly RefPattern[],
  mappings: readonly Mapping[],
  excludes: readonly RefPattern[],
): ScopeIndex {
  const setOf = (patterns: readonly RefPattern[]) =>
    new PatternIndex(patterns.map((pattern) => ({ pattern, value: pattern })))
  const starred = mappings.filter(({ source }) => source.hasStar)
  return {
    branches: setOf(branches),
    sources: new PatternIndex(starred.map((mapping) => ({ pattern: mapping.source, value: mapping }))),
    targets: new PatternIndex(starred.map((mapping) => ({ pattern: mapping.target, value: mapping }))),
    excludes: setOf(excludes),
  }
}

/** The prefixes of all source refs in the scope, as hints for `ls-refs`; HEAD names the default branch. */
export function refPrefixes(scope: Scope): string[] {
  if (scope.others) return ['HEAD', 'refs/']
  const named = [...scope.branches, ...scope.mappings.map(({ source }) => source)]
  const prefixes = named.length === 0 ? [BRANCHES] : named.map((pattern) => pattern.prefix)
  if (scope.tags) prefixes.push('refs/tags/')
  return prefixes.length > MAX_PREFIXES ? ['HEAD', 'refs/'] : [...new Set(['HEAD', ...prefixes])]
}

/** Refs of this program itself, never mirrored, planned or pruned. */
export function isReserved(ref: string, prefix = RESERVED_PREFIX): boolean {
  return ref.startsWith(prefix) && (ref.length === prefix.length || ref[prefix.length] === '/')
}

export function isExcluded({ index }: Scope, name: string): boolean {
  return index.excludes.find(name) !== undefined
}

/** Whether a branch is in the scope under its own name, where no mappings are given. */
export function isBranchTaken({ branches, index }: Scope, name: string): boolean {
  return branches.length === 0 || index.branches.find(name) !== undefined
}

/**
 * Whether pruning may delete a target ref that no source ref maps to. An exclude keeps it under its own name
 * and under the name that a mapping would give it on the source.
 */
export function mayPrune(scope: Scope, ref: string): boolean {
  if (isReserved(ref) || isReserved(ref, scope.tempRefPrefix) || !isValidRefName(ref)) return false
  if (isExcluded(scope, ref)) return false
  const mapping = scope.index.targets.find(ref)
  if (mapping)
    return !isExcluded(scope, canonicalText(mapping.source.expand(mapping.target.match(ref) ?? '')))
  const kind = kindOfRef(ref)
  if (kind === 'tag') return scope.tags
  if (scope.mappings.length > 0) return false
  if (kind === 'other') return scope.others
  return isBranchTaken(scope, ref)
}

function branchPattern(name: string): RefPattern {
  return new RefPattern(branchRef(name))
}

/** The full name; a short one is a branch's. */
export function branchRef(name: string): string {
  return name.startsWith('refs/') ? name : BRANCHES + name
}
