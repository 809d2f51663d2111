import { isUtf8 } from 'node:buffer'

// Ref names are bytes to git, mostly UTF-8. Names that are not survive the way through a string: each of their
// bytes above ASCII becomes a lone surrogate, as in Python's "surrogateescape", and back.
const ESCAPE = 0xdc00

export function decodeText(bytes: Buffer, start = 0, end = bytes.length): string {
  const text = bytes.toString('utf8', start, end)
  // What is no UTF-8 has become U+FFFD, which is rare enough to look again.
  if (!text.includes('\ufffd') || isUtf8(bytes.subarray(start, end))) return text
  return bytes
    .toString('latin1', start, end)
    .replace(/[\u0080-\u00ff]/g, (byte) => String.fromCharCode(ESCAPE + byte.charCodeAt(0)))
}

export function encodeText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text)
  const parts = text.split(/([\udc80-\udcff])/u).map((part) => {
    const code = part.charCodeAt(0)
    return part.length === 1 && code >= 0xdc80 && code <= 0xdcff
      ? Buffer.of(code - ESCAPE)
      : Buffer.from(part)
  })
  return Buffer.concat(parts)
}
