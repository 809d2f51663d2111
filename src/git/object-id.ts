export type ObjectFormat = 'sha1' | 'sha256'

const HEX_LENGTH = { sha1: 40, sha256: 64 } as const
const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/** Lower-case hex of 40 (SHA-1) or 64 (SHA-256) digits. */
export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text)
}

/** The all-zero id: "no object", in commands and plan digests. */
export function zeroId(format: ObjectFormat): string {
  return '0'.repeat(HEX_LENGTH[format])
}

/** Bytes of an object id, and of the checksum that ends a pack. */
export function hashSize(format: ObjectFormat): number {
  return HEX_LENGTH[format] / 2
}
