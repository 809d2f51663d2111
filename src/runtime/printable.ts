/** Text of a remote, safe to show, and short. It must have been redacted before it is shortened here. */
export function printable(text: string, limit = 200): string {
  const clean = legible(text)
  return clean.length > limit ? `${clean.slice(0, limit).replace(/[\ud800-\udbff]$/, '')}…` : clean
}

/**
 * Text of a remote without anything that does more to a terminal or a line of text than to stand in it, and whole, so
 * that it can still be redacted. Control characters, line and paragraph separators and format characters (overrides of
 * the direction of writing among them) become a blank, halves of characters U+FFFD.
 */
export function legible(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, ' ').trim()
}

// Joiners are part of words in some scripts, and of emoji.
export const UNPRINTABLE = /(?:[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf})+/gu
