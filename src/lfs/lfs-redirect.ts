import type { EndpointRole } from '../../schemas/event.js'
import { refused, staysAtHost } from '../git/http/refusals/redirect.js'
import { setting, worded } from '../wording.js'
import type { Action } from './action.js'

const BATCH = '/objects/batch'

/** Where a redirected upload or download leads. @throws GitSyncError `redirect_refused` */
export function redirectedAction(side: EndpointRole, action: Action, location: string): Action {
  const { url } = action
  const to = destination(side, url, location)
  if (to.origin === url.origin) return { ...action, url: to }
  const { authorization: _, cookie: __, ...headers } = action.headers
  // A host that nobody named but a redirect is trusted with nothing but the object.
  return { ...action, url: to, headers, authenticated: true }
}

/**
 * The LFS server that a redirected batch request leads to: within its origin, or from http to https on one host.
 *
 * @throws GitSyncError `redirect_refused`
 */
export function redirectedServer(side: EndpointRole, from: URL, location: string): URL {
  const to = destination(side, from, location)
  if (!staysAtHost(from, to))
    throw refused(
      side,
      worded`its LFS API to another origin; name that in ${setting(`${side}.lfsUrl`)} if it is right`,
    )
  if (!to.pathname.endsWith(BATCH)) throw refused(side, 'its LFS API to something else')
  to.pathname = to.pathname.slice(0, -BATCH.length)
  return to
}

function destination(side: EndpointRole, from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (!to || !/^https?:$/.test(to.protocol) || to.username !== '' || to.password !== '')
    throw refused(side, 'an LFS request to something that is no plain http(s) URL')
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw refused(side, 'an LFS request from https to http')
  to.hash = ''
  return to
}
