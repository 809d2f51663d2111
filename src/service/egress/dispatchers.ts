import { lookup as resolve } from 'node:dns/promises'
import type { Dispatcher } from 'undici'
import { type DispatcherProvider, perUse } from '../../engine/run/dispatchers.js'
import { GitSyncError } from '../../errors.js'
import { agentThatDials } from '../../git/connections/connections.js'
import { dialByProxy, type ProxySettings } from '../../git/connections/dial-by-proxy.js'
import { dialThrough } from '../../git/connections/proxy-tunnel.js'
import { guardDirect, guardTunnel, type Lookup } from './guard.js'
import type { EgressPolicy } from './policy.js'

export interface EgressOptions {
  policy: EgressPolicy
  /** For hosts that LFS servers name for their objects; without it, `policy`. */
  storagePolicy?: EgressPolicy
  allowInsecureTls?: boolean
  proxies?: ProxySettings | undefined
  lookup?: Lookup
}

/** Dispatchers that check every connection against the egress policy, also after redirects. */
export function egressDispatchers(options: EgressOptions): DispatcherProvider {
  const { policy, storagePolicy = policy } = options
  const provide = perUse((rejectUnauthorized) => guardedAgent(options, rejectUnauthorized))
  const storage = { ...options, policy: storagePolicy }
  const provideStorage = perUse((rejectUnauthorized) => guardedAgent(storage, rejectUnauthorized))
  return (use) => {
    const { role, skipTlsVerify } = use
    if (skipTlsVerify && !options.allowInsecureTls) {
      const hint = 'GITSYNC_ALLOW_INSECURE_TLS=true would allow it'
      throw new GitSyncError('egress_denied', `auth.${role}.skipTlsVerify is not allowed here: ${hint}.`)
    }
    return use.isStorage ? provideStorage(use) : provide(use)
  }
}

function guardedAgent(
  { policy, proxies, lookup = resolveAll }: EgressOptions,
  rejectUnauthorized: boolean,
): Dispatcher {
  const tls = { rejectUnauthorized }
  const direct = guardDirect(policy, lookup, tls)
  if (!proxies) return agentThatDials(direct)
  return agentThatDials(
    dialByProxy(proxies, direct, (proxy) => guardTunnel(policy, lookup, dialThrough(proxy, tls))),
  )
}

const resolveAll: Lookup = (hostname, options) => resolve(hostname, { ...options, all: true })
