export type ObjectFormat = 'sha1' | 'sha256'

const HEX_LENGTH = { sha1: 40, sha256: 64 } as const
const NO_HEX = /[^0-9a-f]/

/** Lower-case hex of 40 (SHA-1) or 64 (SHA-256) digits. */
export function isObjectId(text: string): boolean {
  return (text.length === HEX_LENGTH.sha1 || text.length === HEX_LENGTH.sha256) && !NO_HEX.test(text)
}

/** The all-zero id: "no object", in commands and plan digests. */
export function zeroId(format: ObjectFormat): string {
  return '0'.repeat(HEX_LENGTH[format])
}

/** Bytes of an object id, and of the checksum that ends a pack. */
export function hashSize(format: ObjectFormat): number {
  return HEX_LENGTH[format] / 2
}
