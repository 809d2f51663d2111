import type { EndpointRole } from '../../../../schemas/event.js'
import { GitSyncError } from '../../../errors.js'
import { setting, type Wording, worded } from '../../../wording.js'

/** How hosts, and the logins before them, call their pages to sign in. */
const SIGN_IN =
  /(?:^|[^a-z])(?:log|sign)[-_]?(?:in|on)(?:[^a-z]|$)|(?:^|[/.])(?:sso|saml2?|oauth2?|adfs|auth)(?:[/.]|$)/i

/** Longer addresses are not shown at all: shortened, they could show a part of a secret that is not recognized as one. */
const MAX_SHOWN = 300

export const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * Where a redirected `info/refs` leads: the new base URL, for the calls that follow too (as git does it).
 * Within one origin, or from http to https on one host, it is free; another origin needs the caller's leave.
 *
 * @throws GitSyncError `redirect_refused`
 */
export function redirectedBase(
  from: URL,
  location: string,
  side: EndpointRole,
  mayLeaveOrigin: boolean,
): URL {
  if (location === '') throw refused(side, 'without saying where to')
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (!to || !/^https?:$/.test(to.protocol)) throw refused(side, 'to something that is not an http(s) URL')
  if (to.username !== '' || to.password !== '') throw refused(side, 'to a URL that carries credentials')
  const isInfoRefs = to.pathname.endsWith('/info/refs')
  if (!isInfoRefs && SIGN_IN.test(`${to.host}${to.pathname}`)) {
    throw refused(
      side,
      worded`to a page to sign in, at ${shown(to.origin)}: check ${setting(`auth.${side}`)}`,
    )
  }
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw refused(side, `from https to http (${shown(to.host)})`)
  if (!staysAtHost(from, to) && !mayLeaveOrigin) {
    const remedy = setting(`${side}.followInfoRefsRedirect`)
    throw refused(side, worded`to ${shown(to.origin)}; set ${remedy} to allow that, or use that URL`)
  }
  if (!isInfoRefs || to.searchParams.get('service') !== from.searchParams.get('service')) {
    throw refused(
      side,
      `to ${shown(`${to.origin}${to.pathname}`)}, which is not the info/refs of a repository`,
    )
  }
  to.pathname = to.pathname.slice(0, -'/info/refs'.length)
  to.search = ''
  to.hash = ''
  return to
}

/** Whether a redirect stays within one origin, or goes from http to https on one host. */
export function staysAtHost(from: URL, to: URL): boolean {
  const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:' && from.hostname === to.hostname
  return from.origin === to.origin || isUpgrade
}

function shown(address: string): string {
  return address.length > MAX_SHOWN ? `an address of ${address.length} characters` : address
}

export function refused(side: EndpointRole, where: string | Wording): GitSyncError {
  return new GitSyncError('redirect_refused', worded`The ${side} redirects ${where}.`)
}
