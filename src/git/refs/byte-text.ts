import { isUtf8 } from 'node:buffer'

// Ref names are bytes to git, mostly UTF-8. Names that are not survive the way through a string: each byte that is
// not part of valid UTF-8 becomes a lone surrogate, as in Python's "surrogateescape", and back.
const ESCAPE = 0xdc00

export function decodeText(bytes: Buffer, start = 0, end = bytes.length): string {
  const text = bytes.toString('utf8', start, end)
  // Bytes that are not UTF-8 have become U+FFFD, which is rare enough to check again.
  if (!text.includes('\ufffd') || isUtf8(bytes.subarray(start, end))) return text
  let escaped = ''
  let valid = start
  let at = start
  while (at < end) {
    const length = sequenceLength(bytes, at, end)
    if (length === 0) {
      const byte = bytes[at] as number
      if (at > valid) escaped += bytes.toString('utf8', valid, at)
      escaped += String.fromCharCode(ESCAPE + byte)
      valid = at + 1
    }
    at += length || 1
  }
  return escaped + bytes.toString('utf8', valid, end)
}

/** The length in bytes of the character at `at`; 0 if there is none. */
function sequenceLength(bytes: Buffer, at: number, end: number): number {
  const first = bytes[at] as number
  if (first < 0x80) return 1
  // This rejects most bytes that do not begin a character, without a call.
  if (first < 0xc2 || first > 0xf4 || ((bytes[at + 1] ?? 0) & 0xc0) !== 0x80) return 0
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  return at + length <= end && isUtf8(bytes.subarray(at, at + length)) ? length : 0
}

export function encodeText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text)
  // A code unit needs at most three bytes.
  const bytes = Buffer.allocUnsafe(text.length * 3)
  let size = 0
  let valid = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isHighSurrogate(code) && isLowSurrogate(text.charCodeAt(at + 1))) at++
    else if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) {
      if (at > valid) size += bytes.write(text.slice(valid, at), size)
      bytes[size++] = code - ESCAPE
      valid = at + 1
    }
  }
  if (valid < text.length) size += bytes.write(text.slice(valid), size)
  return bytes.subarray(0, size)
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000
}

/**
 * The canonical string for the bytes of `text`. Two strings may encode the same bytes, if surrogates of the two halves
 * of a mapping are valid UTF-8 together.
 */
export function canonicalText(text: string): string {
  return text.isWellFormed() ? text : decodeText(encodeText(text))
}
