import type { EndpointRole } from '../../../schemas/event.js'
import type { Endpoint } from '../../../schemas/request.js'
import type { FieldWording } from '../../errors.js'
import { setting, worded } from '../../wording.js'
import { repositoryKey } from './repository-key.js'
import { NOT_TEXT } from './validate-text.js'

/** Problems of the URLs of a request. */
export function repositoryProblems(source: Endpoint, target: Endpoint | undefined): FieldWording[] {
  const problems = [...endpointProblems('source', source)]
  if (target) problems.push(...endpointProblems('target', target))
  if (problems.length === 0 && target && repositoryKey(source.url) === repositoryKey(target.url)) {
    problems.push({ path: '/target/url', message: 'is the same repository as the source' })
  }
  return problems
}

function* endpointProblems(side: EndpointRole, { url, lfsUrl }: Endpoint): Generator<FieldWording> {
  yield* urlProblems(side, `/${side}/url`, url)
  if (lfsUrl) yield* urlProblems(side, `/${side}/lfsUrl`, lfsUrl)
}

// Servers accept a request line of about this length, and DNS names are no longer than that.
const MAX_URL = 8_192
const MAX_HOST = 253
// Of these a URL's parser leaves some out, so that another repository would be meant than is named.
// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
const CONTROL = /[\u0000-\u001f\u007f]/

function* urlProblems(side: EndpointRole, path: string, url: string): Generator<FieldWording> {
  if (url.length > MAX_URL)
    yield { path, message: `must have at most ${MAX_URL.toLocaleString('en')} characters` }
  else if (CONTROL.test(url)) yield { path, message: 'holds a control character, a line end perhaps' }
  else if (!url.isWellFormed()) yield { path, message: NOT_TEXT }
  else yield* parsedUrlProblems(side, path, url)
}

function* parsedUrlProblems(side: EndpointRole, path: string, url: string): Generator<FieldWording> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:\/\//i.test(url)) {
    yield { path, message: 'must be an http:// or https:// URL' }
  } else if (parsed.hostname.length > MAX_HOST) {
    yield { path, message: `has a host name of more than ${MAX_HOST} characters` }
  } else if (parsed.username !== '' || parsed.password !== '') {
    yield { path, message: worded`must not carry credentials; put them into ${setting(`auth.${side}`)}` }
  } else if (/[?#]/.test(parsed.href)) {
    yield { path, message: 'must not have a query or a fragment' }
  }
}
