import { isUtf8 } from 'node:buffer'

// Ref names are bytes to git, mostly UTF-8. Names that are not survive the way through a string: each of their
// bytes above ASCII becomes a lone surrogate, as in Python's "surrogateescape", and back.
const ESCAPE = 0xdc00

export function decodeText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  return bytes
    .toString('latin1')
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
