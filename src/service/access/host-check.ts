import { isIPv4 } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GitSyncError } from '../../errors.js'

/** Routes that accept any `Host`, for health probes: they expose nothing and change nothing. */
const HEALTH = /^\/(?:healthz|readyz)$/

/**
 * Requires one `Host` (RFC 9112, 3.2), which Node would refuse without a problem document.
 *
 * A service on loopback without tokens trusts every local client, and a web page could reach it under a name that
 * resolves to 127.0.0.1 (DNS rebinding). The browser sends that name, so only names of loopback are accepted there.
 */
export function checkHosts(app: FastifyInstance, isAnonymous: boolean): void {
  app.addHook('onRequest', async (request) => {
    const hosts = hostLines(request)
    if (hosts.length > 1 || (hosts.length === 0 && request.raw.httpVersion !== '1.0'))
      throw refused('The request must have one Host header.')
    if (!isAnonymous || HEALTH.test(request.routeOptions.url ?? '') || !isOnLoopback(app)) return
    const named = [...hosts, ...targetHost(request)]
    if (named.length > 0 && named.every(isLoopbackAuthority)) return
    const hint = 'call it as localhost or 127.0.0.1, or set GITSYNC_API_TOKENS to allow any name'
    throw refused(`Without tokens, this service accepts only names of loopback in Host: ${hint}.`)
  })
}

function refused(message: string): GitSyncError {
  return new GitSyncError('invalid_request', message, { errors: [{ path: '', message }] })
}

function hostLines({ raw: { rawHeaders } }: FastifyRequest): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host')
}

/** The host of a request target in absolute form, which overrides the header (RFC 9112, 3.2.2). */
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
