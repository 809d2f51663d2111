import type { LookupAddress, LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import type { EgressPolicy } from './policy.js'

/** Finds all addresses of a host name. */
export type Lookup = (hostname: string, options: LookupOptions) => Promise<LookupAddress[]>

/** Connects only where the policy allows it. The addresses that were checked are those that are dialled. */
export function guardDirect(
  policy: EgressPolicy,
  lookup: Lookup,
  options: buildConnector.BuildOptions,
): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: checkedLookup(policy, lookup) })
  return guarded(connect, ({ hostname, port, protocol }) => {
    policy.checkHost(hostname, portOf(port, protocol))
  })
}

/** Connects through a proxy, which will dial in our place, only where all that we know of the host allows it. */
export function guardTunnel(
  policy: EgressPolicy,
  lookup: Lookup,
  connect: buildConnector.connector,
): buildConnector.connector {
  return guarded(connect, async ({ hostname, port, protocol }) => {
    policy.checkHost(hostname, portOf(port, protocol))
    if (isIP(hostname) !== 0) return
    const found = await lookup(hostname, {}).catch(() => policy.checkUnresolved(hostname))
    if (found) policy.checkAddresses(hostname, found)
  })
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

function guarded(
  connect: buildConnector.connector,
  check: (target: buildConnector.Options) => void | Promise<void>,
): buildConnector.connector {
  return (target, callback) => {
    // In a later turn even where the check is done at once: undici does not expect an answer while it asks.
    Promise.resolve(target)
      .then(check)
      .then(
        () => connect(target, callback),
        (error: Error) => callback(error, null),
      )
  }
}

/** undici leaves out a scheme's own port. */
function portOf(port: string, protocol: string): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}
