import { legible } from '../../runtime/printable.js'

/** Bytes that break the git protocol. Codecs do not know whose bytes they read: `toRemoteError` adds the side. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/** More than any sound remote would send: an endless response, or one made to fill memory. */
export class ExcessError extends ProtocolError {}

/** The remote gave up and said why, on band 3 or in an `ERR` line. */
export class RemoteFatalError extends ProtocolError {
  constructor(text: string) {
    super(legible(text) || 'it gave no reason')
  }
}

/** The source does not serve objects that we wanted: `ids`, if it says which. */
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
 * The error for a source's fatal text after a fetch of `wants`. It refuses a want only if it names one, as a
 * repository, a key or a user may be "not found" too.
 */
export function asRefusedWant(error: RemoteFatalError, wants: readonly string[]): RemoteFatalError {
  const { message } = error
  if (NAMELESS.test(message)) return new RefusedWantError(message, wants.length === 1 ? wants : [])
  if (!REFUSED_WANT.test(message)) return error
  const wanted = new Set(wants)
  const ids = (message.match(/\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g) ?? []).filter((id) => wanted.has(id))
  return ids.length > 0 ? new RefusedWantError(message, ids) : error
}
