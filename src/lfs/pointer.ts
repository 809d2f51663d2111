// git-lfs, docs/spec.md, "The Pointer"; lfs/pointer.go, which every git-lfs client reads pointers with.

/** What a pointer file names. */
export interface Pointer {
  /** SHA-256 of the object, in lower-case hex. */
  oid: string
  /** Its bytes. */
  size: number
}

/** A pointer is smaller than this, its extension lines included. */
export const POINTER_LIMIT = 1024
/** The three lines at their shortest. */
export const SHORTEST_POINTER = 'version http://git-media.io/v/2\noid sha256:\nsize 0'.length + 64

const VERSIONS = new Set([
  'https://git-lfs.github.com/spec/v1',
  'https://hawser.github.com/spec/v1',
  'http://git-media.io/v/2',
])
const KEYS = ['version', 'oid', 'size'] as const
const EXTENSION = /^ext-(\d)-\w/
const OID = /^sha256:[0-9a-f]{64}$/
const SIZE = /^[+-]?\d+$/
const MAX_SIZE = 2n ** 63n
// What Go's bytes.TrimSpace takes for white space, which differs from what JavaScript does.
const OUTER_SPACE =
  /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g

/**
 * The pointer that a blob is; undefined for any other blob. Read as git-lfs's client reads it, whose rules are those of the specification with
 * less strictness about white space: what a client would ask a server for has to be there. An empty blob is the pointer of an
 * empty file, which no server holds, so it is none here.
 */
export function parsePointer(blob: Buffer): Pointer | undefined {
  if (blob.length < SHORTEST_POINTER || blob.length >= POINTER_LIMIT) return undefined
  // Few files pass this, and no pointer fails it.
  if (!blob.includes('sha256:')) return undefined
  const values = linesOf(blob.toString().replace(OUTER_SPACE, ''))
  if (!values || !VERSIONS.has(values.version ?? '') || !OID.test(values.oid ?? '')) return undefined
  const size = parseSize(values.size ?? '')
  return size === undefined ? undefined : { oid: (values.oid as string).slice('sha256:'.length), size }
}

type Values = Partial<Record<(typeof KEYS)[number], string>>

/** The values of the three keys in their order, with extension lines anywhere before the last; undefined where it is not so. */
function linesOf(text: string): Values | undefined {
  const values: Values = {}
  const extensions = new Map<string, string>()
  let found = 0
  for (const line of text.split('\n').map((line) => line.replace(/\r$/, ''))) {
    if (line === '') continue
    const space = line.indexOf(' ')
    const expected = KEYS[found]
    if (space < 0 || expected === undefined) return undefined
    const [key, value] = [line.slice(0, space), line.slice(space + 1)]
    if (key === expected) {
      values[key] = value
      found++
    } else if (EXTENSION.test(key)) extensions.set(key, value)
    else return undefined
  }
  return areExtensions(extensions) ? values : undefined
}

/** Each names an object of its own, and no two have one priority. */
function areExtensions(extensions: ReadonlyMap<string, string>): boolean {
  const priorities = new Set([...extensions.keys()].map((key) => EXTENSION.exec(key)?.[1]))
  return priorities.size === extensions.size && [...extensions.values()].every((value) => OID.test(value))
}

function parseSize(text: string): number | undefined {
  if (!SIZE.test(text)) return undefined
  const size = BigInt(text.replace(/^\+/, ''))
  return size < 0n || size >= MAX_SIZE ? undefined : Number(size)
}
