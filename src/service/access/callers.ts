import { createHash, timingSafeEqual } from 'node:crypto'

/** Who may call: a name for logs and limits, and of the token only its digest. */
export interface Caller {
  name: string
  digest: Buffer
}

/**
 * Reads callers' tokens: `name:token` or `token`, between commas or one a line.
 *
 * @throws Error that says which entry cannot be used, and not what it is
 */
export function parseCallers(text: string): Caller[] {
  const entries = text
    .split(/[,\r\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  if (entries.length === 0) throw new Error('holds no token')
  return entries.map((entry, index) => {
    const colon = entry.indexOf(':')
    const name = entry.slice(0, Math.max(colon, 0)) || `token-${index + 1}`
    const token = entry.slice(colon + 1)
    if (!SENDABLE.test(token))
      throw new Error(`has an entry, number ${index + 1}, that is no name:token or token`)
    return { name, digest: digestOf(token) }
  })
}

/** What a header can carry as one word. */
const SENDABLE = /^[\x21-\x7e]+$/

/** The name of the caller whose token an `Authorization` header carries. */
export function findCaller(
  callers: readonly Caller[],
  authorization: string | undefined,
): string | undefined {
  const [, token] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  if (token === undefined) return undefined
  const digest = digestOf(token)
  // Every one is compared, so that the time taken says nothing of which one was right.
  return callers.filter((caller) => timingSafeEqual(caller.digest, digest))[0]?.name
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
