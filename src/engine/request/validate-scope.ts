import type { RefMapping, RefScope } from '../../../schemas/request.js'
import type { FieldWording } from '../../errors.js'
import { canonicalText } from '../../git/refs/byte-text.js'
import { isValidRefName, isWellFormedRefName, kindOfRef } from '../../git/refs/ref-name.js'
import { setting, type Wording, worded } from '../../wording.js'
import { overlapsAmong } from './mapping-overlaps.js'
import { RefPattern } from './ref-pattern.js'
import { branchRef, isReserved } from './scope.js'
import { quoted } from './validate-text.js'

/** Problems of a scope: names that git would not accept, and parts that contradict each other. */
export function* scopeProblems(scope: RefScope): Generator<FieldWording> {
  const { branches, mappings, allRefs = false } = scope
  if (branches?.length && mappings?.length)
    yield { path: '/scope/branches', message: worded`excludes ${setting('scope.mappings')}` }
  if (branches?.length && allRefs)
    yield { path: '/scope/branches', message: worded`excludes ${setting('scope.allRefs')}` }
  for (const [index, branch] of (branches ?? []).entries()) {
    const path = `/scope/branches/${index}`
    const name = branchRef(branch)
    const problem = nameProblem(name)
    if (problem) yield { path, message: problem }
    else if (kindOfRef(name) !== 'branch')
      yield { path, message: 'must be a short name or start with refs/heads/' }
  }
  for (const [index, mapping] of (mappings ?? []).entries()) {
    const problem = mappingProblem(mapping, allRefs)
    if (problem) yield { path: `/scope/mappings/${index}`, message: problem }
  }
  yield* overlaps(mappings ?? [])
  yield* prefixProblems('/scope/excludeRefPrefixes', scope.excludeRefPrefixes)
  for (const [index, exclude] of (scope.excludeRefs ?? []).entries()) {
    const problem = excludeProblem(exclude)
    if (problem) yield { path: `/scope/excludeRefs/${index}`, message: problem }
  }
}

/** A prefix may end anywhere, but some name has to begin with it. */
export function* prefixProblems(
  path: string,
  prefixes: readonly string[] | null = [],
): Generator<FieldWording> {
  for (const [index, prefix] of (prefixes ?? []).entries()) {
    if (!prefix.startsWith('refs/')) yield { path: `${path}/${index}`, message: 'must start with refs/' }
    else if (!isValidRefName(`${prefix}x/x`) || !isCanonical(prefix))
      yield { path: `${path}/${index}`, message: `is not a valid ref prefix: ${quoted(prefix)}` }
  }
}

/** Full names, or short ones of branches; each stands for one ref. */
export function* refNameProblems(
  path: string,
  names: readonly string[] | null = [],
): Generator<FieldWording> {
  for (const [index, name] of (names ?? []).entries()) {
    if (!isValidRefName(branchRef(name)) || !isCanonical(name))
      yield { path: `${path}/${index}`, message: `is not a valid ref name: ${quoted(name)}` }
  }
}

function mappingProblem(mapping: RefMapping, allRefs: boolean): string | Wording | undefined {
  const [source, target] = [branchRef(mapping.source), branchRef(mapping.target)]
  const isFull = (name: string) => name.startsWith('refs/')
  if (isFull(mapping.source) !== isFull(mapping.target)) return 'must not mix a short name and a full one'
  const problem = nameProblem(source) ?? nameProblem(target)
  if (problem) return problem
  if (source.includes('*') !== target.includes('*')) return 'must have a * on both sides or on none'
  if (isReserved(source) || isReserved(target))
    return 'names refs/gitsync/, which is reserved for this program'
  const [from, to] = [kindOfRef(source), kindOfRef(target)]
  if (from !== to) return `must not map a ${KINDS[from]} to a ${KINDS[to]}`
  if (from === 'other' && !allRefs)
    return worded`outside refs/heads/ and refs/tags/ needs ${setting('scope.allRefs')}`
  return undefined
}

const KINDS = { branch: 'branch', tag: 'tag', other: 'ref of another kind' }

function* overlaps(mappings: readonly RefMapping[]): Generator<FieldWording> {
  const targets = mappings.map(({ target }) => new RefPattern(branchRef(target)))
  const reported = new Set<number>()
  for (const pair of overlapsAmong(targets)) {
    const [earlier, later] = [Math.min(...pair), Math.max(...pair)]
    if (reported.has(later)) continue
    reported.add(later)
    yield {
      path: `/scope/mappings/${later}`,
      message: `overlaps the target ${quoted(targets[earlier]?.text ?? '')} of another mapping`,
    }
  }
}

function excludeProblem(name: string): string | undefined {
  return name.startsWith('refs/') ? nameProblem(name, isWellFormedRefName) : 'must start with refs/'
}

function nameProblem(name: string, isName = isValidRefName): string | undefined {
  const star = name.indexOf('*')
  if (star >= 0 && name.includes('*', star + 1)) return `may hold one * only: ${quoted(name)}`
  const isValid = isName(star < 0 ? name : name.replace('*', 'star')) && isCanonical(name)
  return isValid ? undefined : `is not a valid ref name: ${quoted(name)}`
}

/**
 * A byte that is not UTF-8 may be written as results write it, `\udc80` to `\udcff`. What has another spelling would
 * name a ref that no exclude and no check for doubles recognizes.
 */
function isCanonical(name: string): boolean {
  return canonicalText(name) === name
}
