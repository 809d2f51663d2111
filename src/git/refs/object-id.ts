export type ObjectFormat = 'sha1' | 'sha256'

const HEX_LENGTH = { sha1: 40, sha256: 64 } as const
const NO_HEX = /[^0-9a-f]/
const NULL = /^0+$/

/**
 * Lower-case hex of 40 (SHA-1) or 64 (SHA-256) digits, of the one where it is known which. The null id names no object:
 * believed, it would make a delete of an update.
 */
export function isObjectId(text: string, format?: ObjectFormat): boolean {
  const isLong =
    format === undefined
      ? text.length === HEX_LENGTH.sha1 || text.length === HEX_LENGTH.sha256
      : text.length === HEX_LENGTH[format]
  return isLong && !NO_HEX.test(text) && !NULL.test(text)
}

/** The all-zero id: "no object", in commands and plan digests. */
export function zeroId(format: ObjectFormat): string {
  return '0'.repeat(HEX_LENGTH[format])
}

/** Bytes of an object id, and of the checksum that ends a pack. */
export function hashSize(format: ObjectFormat): number {
  return HEX_LENGTH[format] / 2
}
