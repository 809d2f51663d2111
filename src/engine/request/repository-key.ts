import { withoutTrailingSlashes } from '../../runtime/slashes.js'

/**
 * Alike for URLs of one repository (RFC 3986, 6.2): the letter case of the host, the root's dot behind it, default
 * ports, trailing slashes, and what is percent-encoded without need do not matter.
 */
export function repositoryKey(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  const path = pathname.replace(/%[\da-f]{2}/gi, (code) => {
    const plain = String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return /[\w.~-]/.test(plain) ? plain : code.toUpperCase()
  })
  return `${protocol}//${host.replace(/\.(?=:|$)/, '')}${withoutTrailingSlashes(path)}`
}
