/** Bytes that break the git protocol. Codecs do not know whose bytes they read: `toRemoteError` adds the side. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/** Text of a remote, safe to show, and short. It must have been redacted before it is cut here. */
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

/** More than any sound remote would say: an answer without an end, or one made to fill memory. */
export class ExcessError extends ProtocolError {}

/** The remote gave up and said why, on band 3 or in an `ERR` line. */
export class RemoteFatalError extends ProtocolError {
  constructor(text: string) {
    super(legible(text) || 'it gave no reason')
  }
}

/** The source does not serve objects that a fetch of ours wanted: `ids`, where it says which. */
export class RefusedWantError extends RemoteFatalError {
  constructor(
    text: string,
    readonly ids: readonly string[],
  ) {
    super(text)
  }
}

// git and dulwich say "not our ref", JGit "not valid" or "Missing", others "not found".
const REFUSED_WANT =
  /\bnot our ref\b|\bnot valid\b|\bnot found\b|\bmissing\b|\bunknown\b|\bbad object\b|\bdoes not exist\b|\bnot advertised\b|\bunadvertised\b/i
// go-git names no id.
const NAMELESS = /^(?:upload-pack: )?object not found$/i

/**
 * The error for a source's fatal words in answer to a fetch of `wants`: they refuse a want only where they name it, as
 * a repository, a key or a user may be "not found" too.
 */
export function asRefusedWant(error: RemoteFatalError, wants: readonly string[]): RemoteFatalError {
  const { message } = error
  if (NAMELESS.test(message)) return new RefusedWantError(message, wants.length === 1 ? wants : [])
  if (!REFUSED_WANT.test(message)) return error
  const wanted = new Set(wants)
  const ids = (message.match(/\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g) ?? []).filter((id) => wanted.has(id))
  return ids.length > 0 ? new RefusedWantError(message, ids) : error
}
