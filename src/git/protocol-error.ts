/** Bytes that break the git protocol. Codecs do not know whose bytes they read: `blame` adds the side. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/** Text of a remote, safe to show: control characters gone, and short. */
export function printable(text: string, limit = 200): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean
}

/** More than any sound remote would say: an answer without an end, or one made to fill memory. */
export class ExcessError extends ProtocolError {}

/** The remote gave up and said why, on band 3 or in an `ERR` line. */
export class RemoteFatalError extends ProtocolError {
  constructor(text: string) {
    super(printable(text) || 'it gave no reason')
  }

  /** Whether a want was refused; git and dulwich say `not our ref`, JGit and go-git `not valid` or `not found`. */
  get isRefusedWant(): boolean {
    return /\bnot our ref\b|\bnot valid\b|\bnot found\b/.test(this.message)
  }
}
