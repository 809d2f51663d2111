import { createHash, timingSafeEqual } from 'node:crypto'

/** A caller's name, for logs and limits, and the digest of its token. */
export interface Caller {
  name: string
  digest: Buffer
}

/**
 * Reads callers' tokens: `name:token` or `token`, separated by commas or line ends.
 *
 * @throws Error with the number of the entry that cannot be used, but not its text
 */
export function parseCallers(text: string): Caller[] {
  const entries = text
    .split(/[,\r\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  if (entries.length === 0) throw new Error('contains no token')
  return entries.map((entry, index) => {
    const colon = entry.indexOf(':')
    const name = entry.slice(0, Math.max(colon, 0)) || `token-${index + 1}`
    const token = entry.slice(colon + 1)
    if (!SENDABLE.test(token)) throw new Error(`entry ${index + 1} is not of the form name:token or token`)
    return { name, digest: digestOf(token) }
  })
}

/** Characters that a header can carry in a single word. */
const SENDABLE = /^[\x21-\x7e]+$/

/** The name of the caller whose token an `Authorization` header carries. */
export function findCaller(
  callers: readonly Caller[],
  authorization: string | undefined,
): string | undefined {
  const [, token] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  if (token === undefined) return undefined
  const digest = digestOf(token)
  // Compares all of them, so that the time does not depend on which one matches.
  return callers.filter((caller) => timingSafeEqual(caller.digest, digest))[0]?.name
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
