import type { FieldProblem } from '../../schemas/problem.js'
import type { Endpoint } from '../../schemas/request.js'
import { withoutSlashes } from '../git/redirect.js'

/** What is wrong with the URLs of a request. */
export function repositoryProblems(source: Endpoint, target: Endpoint | undefined): FieldProblem[] {
  const problems = [...urlProblems('/source/url', 'source', source)]
  if (target) problems.push(...urlProblems('/target/url', 'target', target))
  if (problems.length === 0 && target && repositoryKey(source.url) === repositoryKey(target.url)) {
    problems.push({ path: '/target/url', message: 'is the same repository as the source' })
  }
  return problems
}

function* urlProblems(path: string, side: string, { url }: Endpoint): Generator<FieldProblem> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:\/\//i.test(url)) {
    yield { path, message: 'must be an http:// or https:// URL' }
  } else if (parsed.username !== '' || parsed.password !== '') {
    yield { path, message: `must not carry credentials; put them into auth.${side}` }
  } else if (/[?#]/.test(parsed.href)) {
    yield { path, message: 'must not have a query or a fragment' }
  }
}

/** Alike for URLs of one repository: letter case of the host, default ports and trailing slashes do not matter. */
export function repositoryKey(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${withoutSlashes(pathname)}`
}
