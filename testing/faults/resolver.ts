import type { LookupAddress } from 'node:dns'

export const LOOPBACK = { address: '127.0.0.1', family: 4 }
export const PUBLIC = { address: '140.82.121.4', family: 4 }

/** Name resolution by a table, which keeps what it was asked; a name may have another address each time. */
export function resolver(names: Record<string, LookupAddress[][]>) {
  const asked: string[] = []
  const lookup = async (hostname: string) => {
    const addresses = names[hostname] ?? []
    const nth = asked.filter((name) => name === hostname).length
    asked.push(hostname)
    const address = addresses[Math.min(nth, addresses.length - 1)]
    if (!address) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' })
    return address
  }
  return { asked, lookup }
}
