import type { LookupAddress, LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { buildConnector } from 'undici'
import { type Dial, dialDirectly, portOf } from '../../git/connections/dial.js'
import { unlessAborted } from '../../runtime/abort.js'
import type { EgressPolicy } from './policy.js'

/** Finds all addresses of a host name. */
export type Lookup = (hostname: string, options: LookupOptions) => Promise<LookupAddress[]>

/** Dials only what the policy allows, and exactly the addresses that were checked. */
export function guardDirect(
  policy: EgressPolicy,
  lookup: Lookup,
  options: buildConnector.BuildOptions,
): Dial {
  const dial = dialDirectly({ ...options, lookup: checkedLookup(policy, lookup) })
  return async (target, signal) => {
    policy.checkHost(target.hostname, portOf(target))
    return dial(target, signal)
  }
}

/** Dials through a proxy only if the policy allows the host and its addresses, as far as they resolve here. */
export function guardTunnel(policy: EgressPolicy, lookup: Lookup, dial: Dial): Dial {
  return async (target, signal) => {
    const { hostname } = target
    policy.checkHost(hostname, portOf(target))
    if (isIP(hostname) === 0) {
      const finding = lookup(hostname, {}).catch(() => policy.checkUnresolved(hostname))
      const found = await unlessAborted(finding, signal)
      if (found) policy.checkAddresses(hostname, found)
    }
    return dial(target, signal)
  }
}

function checkedLookup(policy: EgressPolicy, lookup: Lookup): LookupFunction {
  const find = async (hostname: string, options: LookupOptions) => {
    const found = await lookup(hostname, options)
    policy.checkAddresses(hostname, found)
    return found
  }
  return (hostname, options, callback) => {
    find(hostname, options).then(
      (found) => {
        if (options.all) callback(null, found)
        else callback(null, found[0]?.address ?? '', found[0]?.family)
      },
      (error: Error) => callback(error, ''),
    )
  }
}
