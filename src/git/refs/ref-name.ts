import type { RefKind } from '../../../schemas/result.js'
import { sortInTurns } from '../../runtime/sort-yielding.js'
import { forEachYielding } from '../../runtime/yield.js'
import { encodeText } from './byte-text.js'

// git-check-ref-format(1).

// biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids them
const FORBIDDEN = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/[/.]|[./]$|\.lock(?:\/|$)/

// A name must fit into a packet with two ids; file systems do not allow longer ones either.
const MAX_LENGTH = 4096

/** Whether git would accept `name` in a push: of three parts at least, so not `refs/stash`. */
export function isValidRefName(name: string): boolean {
  return isWellFormedRefName(name) && name.includes('/', 'refs/'.length)
}

/** Whether git could have a ref of this full name, if only for itself. */
export function isWellFormedRefName(name: string): boolean {
  return name.length <= MAX_LENGTH && name.startsWith('refs/') && !FORBIDDEN.test(name)
}

export function kindOfRef(name: string): RefKind {
  if (name.startsWith('refs/heads/')) return 'branch'
  return name.startsWith('refs/tags/') ? 'tag' : 'other'
}

/** `main` for `refs/heads/main`, `v1` for `refs/tags/v1`, `notes/commits` for `refs/notes/commits`. */
export function shortRefName(name: string): string {
  if (name.startsWith('refs/heads/')) return name.slice('refs/heads/'.length)
  return name.slice(name.startsWith('refs/tags/') ? 'refs/tags/'.length : 'refs/'.length)
}

/** The items in the order of the bytes of their names. */
export async function sortByBytes<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  signal?: AbortSignal,
): Promise<T[]> {
  let isPlain = true
  await forEachYielding(items, (item) => (isPlain &&= !SURROGATE.test(nameOf(item))), { signal, cost: 0.2 })
  // UTF-16 sorts like UTF-8 but for surrogates.
  const compare = isPlain ? compareUnits : compareByBytes
  return sortInTurns(items, (a, b) => compare(nameOf(a), nameOf(b)), signal)
}

const SURROGATE = /[\ud800-\udfff]/

function compareUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** Orders strings as git does: by the bytes of their UTF-8. */
function compareByBytes(a: string, b: string): number {
  if (a === b) return 0
  if (!a.isWellFormed() || !b.isWellFormed()) return Buffer.compare(encodeText(a), encodeText(b))
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return utf8Rank(x) - utf8Rank(y)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above all others, so they sort last. */
function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
