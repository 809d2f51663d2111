import { isIPv4 } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GitSyncError } from '../../errors.js'

/** Probes may call these under any name: they tell nothing and do nothing. */
const HEALTH = /^\/(?:healthz|readyz)$/

/**
 * Requires one `Host` (RFC 9112, 3.2), which Node would refuse without a problem document.
 *
 * Without tokens a service on loopback trusts whoever reaches it, which any web page does by a name that comes to mean
 * 127.0.0.1 (DNS rebinding). The browser still sends that name, so only names of loopback are accepted there.
 */
export function checkHosts(app: FastifyInstance, isAnonymous: boolean): void {
  app.addHook('onRequest', async (request) => {
    const hosts = hostLines(request)
    if (hosts.length > 1 || (hosts.length === 0 && request.raw.httpVersion !== '1.0'))
      throw refused('The request must have one Host header.')
    if (!isAnonymous || HEALTH.test(request.routeOptions.url ?? '') || !isOnLoopback(app)) return
    const named = [...hosts, ...targetHost(request)]
    if (named.length > 0 && named.every(isLoopbackAuthority)) return
    const hint = 'call it as localhost or 127.0.0.1, or set GITSYNC_API_TOKENS, with which any name will do'
    throw refused(`Without tokens, this service accepts only names of loopback in Host: ${hint}.`)
  })
}

function refused(message: string): GitSyncError {
  return new GitSyncError('invalid_request', message, { errors: [{ path: '', message }] })
}

function hostLines({ raw: { rawHeaders } }: FastifyRequest): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host')
}

/** A target may be a whole URL (RFC 9112, 3.2.2), whose host then outweighs the header. */
function targetHost({ raw: { url = '' } }: FastifyRequest): string[] {
  if (url.startsWith('/')) return []
  return [URL.canParse(url) ? new URL(url).host : '']
}

function isOnLoopback({ server }: FastifyInstance): boolean {
  const bound = server.address()
  if (bound === null || typeof bound === 'string') return false
  return isLoopbackName(bound.family === 'IPv6' ? `[${bound.address}]` : bound.address)
}

function isLoopbackAuthority(authority: string): boolean {
  const port = /:\d*$/.exec(authority)
  return isLoopbackName(port ? authority.slice(0, port.index) : authority)
}

/** `localhost` and names below it (RFC 6761, 6.3), 127.0.0.0/8 and `[::1]`. */
function isLoopbackName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  if (isIPv4(name)) return name.startsWith('127.')
  return name === 'localhost' || name === '[::1]' || /^[\w.-]+\.localhost$/.test(name)
}
