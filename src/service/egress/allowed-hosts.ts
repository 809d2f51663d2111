import { isIPv6 } from 'node:net'
import picomatch from 'picomatch'
import { bareName } from '../../git/connections/host-name.js'

/** One entry of `GITSYNC_ALLOWED_HOSTS`. */
interface HostPattern {
  matches: (host: string) => boolean
  isGlob: boolean
  /** `undefined` matches any port. */
  port: number | undefined
}

export type Listing = 'by-name' | 'by-glob' | undefined

/** The hosts that may be reached: names, addresses and globs, each with an optional port. */
export class AllowedHosts {
  readonly #patterns: readonly HostPattern[]

  /** @param text entries separated by commas or blanks. @throws Error that names an entry that cannot be read */
  constructor(text: string) {
    this.#patterns = text
      .split(/[\s,]+/)
      .filter((entry) => entry !== '')
      .map(parseEntry)
    if (this.#patterns.length === 0) throw new Error('names no host')
  }

  /** How a host is listed. An address that only a glob matches may not have been intended. */
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

/** Accepts only characters of host names, so that `*` and `?` are the only special ones. */
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

/** The form that URLs use. */
function canonicalIPv6(address: string): string {
  return bareName(new URL(`http://[${address}]`).hostname)
}
