/**
 * Ref names that both sides draw from. Many exclude each other as files and folders do, sort differently by bytes
 * than by UTF-16 or with `/` first, or begin alike.
 */
export const branchNames = [
  'refs/heads/main',
  'refs/heads/a',
  'refs/heads/a/b',
  'refs/heads/a/b/c',
  'refs/heads/a-b',
  'refs/heads/ab',
  'refs/heads/release/1',
  'refs/heads/release/2',
  'refs/heads/release',
  'refs/heads/topic/x',
  'refs/heads/up',
  'refs/heads/up/main',
  'refs/heads/refs/heads/main',
  'refs/heads/\u{1f600}',
  'refs/heads/\uff5e',
  'refs/heads/über',
] as const

export const tagNames = [
  'refs/tags/v1',
  'refs/tags/v1.0',
  'refs/tags/v1/rc',
  'refs/tags/v2',
  'refs/tags/release/1',
  'refs/tags/main',
  'refs/tags/up/v1',
] as const

export const otherNames = [
  'refs/notes/commits',
  'refs/custom/x',
  'refs/custom/x/y',
  'refs/custom/z',
  'refs/mirror/z',
  'refs/pull/1/head',
  'refs/headsup/main',
  // Reserved for the program itself: nothing may happen to them.
  'refs/gitsync/left-over',
  // git keeps it, but no receive-pack takes a name of one level.
  'refs/stash',
] as const

/** git cannot hold `a` beside `a/b`. */
export function excludeEachOther(a: string, b: string): boolean {
  return a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
}
