import ipaddr from 'ipaddr.js'
import { bareName } from './host-name.js'

interface Entry {
  matches: (host: string) => boolean
  /** `undefined` matches any port. */
  port: number | undefined
}

/**
 * The hosts that `NO_PROXY` lists: names with their subdomains (`corp`, `.corp`, `*.corp`), addresses, CIDR ranges,
 * each with an optional port, and `*` for all. An entry that cannot be read matches nothing, as in other programs.
 */
export class NoProxy {
  readonly #entries: readonly Entry[]

  /** @param text entries separated by commas or blanks */
  constructor(text: string) {
    this.#entries = text
      .split(/[\s,]+/)
      .filter((entry) => entry !== '')
      .map(parseEntry)
  }

  covers(hostname: string, port: number): boolean {
    const host = bareName(hostname)
    return this.#entries.some((entry) => (entry.port ?? port) === port && entry.matches(host))
  }
}

const WITH_PORT = /^(\[.*\]|[^:]*):(\d{1,5})$/

function parseEntry(entry: string): Entry {
  const [, host = entry, digits] = WITH_PORT.exec(entry) ?? []
  return { matches: matcher(bareName(host)), port: digits === undefined ? undefined : Number(digits) }
}

function matcher(name: string): (host: string) => boolean {
  if (name === '*') return () => true
  const [network, bits] = name.split('/')
  if (bits !== undefined || ipaddr.isValid(name)) return inRange(bareName(network ?? ''), bits)
  const suffix = name.replace(/^\*?\./, '')
  return (host) => host === suffix || host.endsWith(`.${suffix}`)
}

function inRange(network: string, bits: string | undefined): (host: string) => boolean {
  if (!ipaddr.isValid(network)) return () => false
  const range = ipaddr.process(network)
  const length = bits === undefined ? range.toByteArray().length * 8 : Number(bits)
  if (!/^\d+$/.test(bits ?? '0') || length > range.toByteArray().length * 8) return () => false
  return (host) => {
    if (!ipaddr.isValid(host)) return false
    const address = ipaddr.process(host)
    return address.kind() === range.kind() && address.match(range as ipaddr.IPv4, length)
  }
}
