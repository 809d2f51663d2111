import type { FieldProblem } from '../../schemas/problem.js'
import type { RefMapping, RefScope } from '../../schemas/request.js'
import { isValidRefName, isWellFormedRefName, kindOfRef } from '../git/ref-name.js'
import { branchRef, isReserved, type Mapping, toScope } from './scope.js'

/** What is wrong with a scope: names that git would not take, and parts that contradict each other. */
export function* scopeProblems(scope: RefScope): Generator<FieldProblem> {
  const { branches, mappings, allRefs = false } = scope
  const full = toScope(scope, false)
  if (branches?.length && mappings?.length) yield { path: '/scope/branches', message: 'excludes mappings' }
  if (branches?.length && allRefs) yield { path: '/scope/branches', message: 'excludes allRefs' }
  for (const [index, { text }] of full.branches.entries()) {
    const path = `/scope/branches/${index}`
    const problem = nameProblem(text)
    if (problem) yield { path, message: problem }
    else if (kindOfRef(text) !== 'branch')
      yield { path, message: 'must be a short name or start with refs/heads/' }
  }
  for (const [index, mapping] of full.mappings.entries()) {
    const problem = mappingProblem(mappings?.[index], mapping, allRefs)
    if (problem) yield { path: `/scope/mappings/${index}`, message: problem }
  }
  yield* overlaps(full.mappings)
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
): Generator<FieldProblem> {
  for (const [index, prefix] of (prefixes ?? []).entries()) {
    if (!prefix.startsWith('refs/')) yield { path: `${path}/${index}`, message: 'must start with refs/' }
    else if (!isValidRefName(`${prefix}x/x`))
      yield { path: `${path}/${index}`, message: `is no prefix of a ref name: ${JSON.stringify(prefix)}` }
  }
}

/** Full names, or short ones of branches; each stands for one ref. */
export function* refNameProblems(
  path: string,
  names: readonly string[] | null = [],
): Generator<FieldProblem> {
  for (const [index, name] of (names ?? []).entries()) {
    if (!isValidRefName(branchRef(name)))
      yield { path: `${path}/${index}`, message: `is not a valid ref name: ${JSON.stringify(name)}` }
  }
}

function mappingProblem(
  asSent: RefMapping | undefined,
  mapping: Mapping,
  allRefs: boolean,
): string | undefined {
  const [source, target] = [mapping.source.text, mapping.target.text]
  const isFull = (name: string | undefined) => name?.startsWith('refs/') === true
  if (isFull(asSent?.source) !== isFull(asSent?.target)) return 'must not mix a short name and a full one'
  const problem = nameProblem(source) ?? nameProblem(target)
  if (problem) return problem
  if (mapping.source.hasStar !== mapping.target.hasStar) return 'must have a * on both sides or on none'
  if (isReserved(source) || isReserved(target))
    return 'names refs/gitsync/, which is reserved for this program'
  const [from, to] = [kindOfRef(source), kindOfRef(target)]
  if (from !== to) return `must not map a ${from} to a ${to}`
  if (from === 'other' && !allRefs) return 'outside refs/heads/ and refs/tags/ needs allRefs'
  return undefined
}

function* overlaps(mappings: readonly Mapping[]): Generator<FieldProblem> {
  for (const [index, { target }] of mappings.entries()) {
    const earlier = mappings
      .slice(0, index)
      .find((other) => collide(other.target.text, target.text) || other.target.overlaps(target))
    if (earlier) {
      yield {
        path: `/scope/mappings/${index}`,
        message: `overlaps the target ${earlier.target.text} of another mapping`,
      }
    }
  }
}

/** git cannot hold `a` beside `a/b`. */
function collide(a: string, b: string): boolean {
  return a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
}

function excludeProblem(name: string): string | undefined {
  return name.startsWith('refs/') ? nameProblem(name, isWellFormedRefName) : 'must start with refs/'
}

function nameProblem(name: string, isName = isValidRefName): string | undefined {
  if (stars(name) > 1) return `may hold one * only: ${JSON.stringify(name)}`
  return isName(name.replace('*', 'star')) ? undefined : `is not a valid ref name: ${JSON.stringify(name)}`
}

function stars(text: string): number {
  return text.split('*').length - 1
}
