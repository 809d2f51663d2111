import { isIPv6 } from 'node:net'
import picomatch from 'picomatch'
import { bareName } from '../../git/connections/host-name.js'

/** A host as `GITSYNC_ALLOWED_HOSTS` names it. */
interface HostPattern {
  matches: (host: string) => boolean
  isGlob: boolean
  /** Any port where there is none. */
  port: number | undefined
}

export type Listing = 'by-name' | 'by-glob' | undefined

/** The hosts that may be reached: names, addresses and globs, each with a port or for any port. */
export class AllowedHosts {
  readonly #patterns: readonly HostPattern[]

  /** @param text entries between commas or blanks. @throws Error that says which entry cannot be read */
  constructor(text: string) {
    this.#patterns = text
      .split(/[\s,]+/)
      .filter((entry) => entry !== '')
      .map(parseEntry)
    if (this.#patterns.length === 0) throw new Error('names no host')
  }

  /** How a host is listed; an address that only a glob covers was not necessarily meant. */
  find(host: string, port: number): Listing {
    const found = this.#patterns.filter(
      (pattern) => (pattern.port ?? port) === port && pattern.matches(bareName(host)),
    )
    if (found.length === 0) return undefined
    return found.some(({ isGlob }) => !isGlob) ? 'by-name' : 'by-glob'
  }
}

const NAME = /^([\w.*?-]+)(?::(\d{1,5}))?$/
const BRACKETED = /^\[([\da-f.:*?]+)\](?::(\d{1,5}))?$/i
const BARE_IPV6 = /^([\da-f.:*?]+)$/i

/** Only characters of hosts, so that nothing but `*` and `?` has a meaning of its own. */
function parseEntry(entry: string): HostPattern {
  const [, name = '', digits] = NAME.exec(entry) ?? BRACKETED.exec(entry) ?? BARE_IPV6.exec(entry) ?? []
  const port = digits === undefined ? undefined : Number(digits)
  const isGlob = /[*?]/.test(name)
  const isHost = isGlob || !name.includes(':') || isIPv6(name)
  if (name === '' || !isHost || (port !== undefined && (port < 1 || port > 65_535))) {
    throw new Error(`has "${entry}", which is neither a host nor host:port`)
  }
  const host = isIPv6(name) ? canonicalIPv6(name) : bareName(name)
  return { matches: isGlob ? picomatch(host, { dot: true }) : (other) => other === host, isGlob, port }
}

/** As URLs write it. */
function canonicalIPv6(address: string): string {
  return bareName(new URL(`http://[${address}]`).hostname)
}
