import { withoutTrailingSlashes } from '../runtime/slashes.js'

// git-lfs, docs/api/server-discovery.md, "Guessing the Server".

/**
 * The LFS server of a repository: `<url>.git/info/lfs`, or `<url>/info/lfs` where the URL ends in `.git`, unless `lfsUrl` names it. A repository's
 * own `.lfsconfig` is never obeyed: anybody who may push would choose where our credentials go.
 */
export function lfsServerUrl(repository: URL, lfsUrl?: string): URL {
  if (lfsUrl) return new URL(withoutTrailingSlashes(lfsUrl))
  const url = new URL(repository)
  const path = withoutTrailingSlashes(url.pathname)
  url.pathname = `${path.endsWith('.git') ? path : `${path}.git`}/info/lfs`
  url.search = ''
  url.hash = ''
  return url
}

/** An address of the API below its server's URL, whose query stays, as some servers have a token there. */
export function apiUrl(server: URL, path: string): URL {
  const url = new URL(server)
  url.pathname = withoutTrailingSlashes(url.pathname) + path
  url.hash = ''
  return url
}
