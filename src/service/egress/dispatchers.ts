import { lookup as resolve } from 'node:dns/promises'
import { Agent, type buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { type DispatcherProvider, perUse } from '../../engine/dispatchers.js'
import { GitSyncError } from '../../errors.js'
import { patiently } from '../../git/connector.js'
import { guardDirect, guardTunnel, type Lookup } from './guard.js'
import type { EgressPolicy } from './policy.js'
import type { ProxySettings } from './proxies.js'

export interface EgressOptions {
  policy: EgressPolicy
  allowInsecureTls?: boolean
  proxies?: ProxySettings | undefined
  lookup?: Lookup
}

/** Dispatchers all of whose connections have passed the egress policy, those after a redirect too. */
export function egressDispatchers(options: EgressOptions): DispatcherProvider {
  const provide = perUse((rejectUnauthorized) => guardedAgent(options, rejectUnauthorized))
  return (use) => {
    const { role, skipTlsVerify } = use
    if (skipTlsVerify && !options.allowInsecureTls) {
      const hint = 'GITSYNC_ALLOW_INSECURE_TLS=true would allow it'
      throw new GitSyncError('egress_denied', `auth.${role}.skipTlsVerify is not allowed here: ${hint}.`)
    }
    return provide(use)
  }
}

function guardedAgent(
  { policy, proxies, lookup = resolveAll }: EgressOptions,
  rejectUnauthorized: boolean,
): Dispatcher {
  const direct = guardDirect(policy, lookup, { rejectUnauthorized })
  if (!proxies) return new Agent({ connect: patiently(direct) })
  return new EnvHttpProxyAgent({
    ...proxies,
    connect: direct,
    requestTls: { rejectUnauthorized },
    // Called for hosts that NO_PROXY names with our own connector, for the others with one through their proxy.
    factory: (origin, poolOptions) => {
      const { connect } = poolOptions as { connect: buildConnector.connector }
      const guarded = connect === direct ? direct : guardTunnel(policy, lookup, connect)
      return new Pool(origin, { ...poolOptions, connect: patiently(guarded) })
    },
  })
}

const resolveAll: Lookup = (hostname, options) => resolve(hostname, { ...options, all: true })
