import { randomBytes } from 'node:crypto'

// HalfSipHash-1-3, as Linux keys its own hash tables on 32 bits (include/linux/siphash.h).

const key = randomBytes(8)
const KEY_0 = key.readInt32LE(0)
const KEY_1 = key.readInt32LE(4)
const LAST_ROUNDS = 3

/**
 * 32 bits of an id for a hash table, by a key that this process alone knows. An honest id is a hash already, but anyone who writes
 * a commit chooses the ids of its parents freely, and could choose them all for one slot.
 */
export function keyedHash(bytes: Buffer, start: number, length: number): number {
  let v0 = KEY_0
  let v1 = KEY_1
  let v2 = KEY_0 ^ 0x6c796765
  let v3 = KEY_1 ^ 0x74656462
  const words = length >> 2
  for (let round = 0; round <= words + LAST_ROUNDS; round++) {
    const word = round < words ? bytes.readInt32LE(start + 4 * round) : round === words ? length << 24 : 0
    if (round === words + 1) v2 ^= 0xff
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = rotate(v1, 5) ^ v0
    v0 = rotate(v0, 16)
    v2 = (v2 + v3) | 0
    v3 = rotate(v3, 8) ^ v2
    v0 = (v0 + v3) | 0
    v3 = rotate(v3, 7) ^ v0
    v2 = (v2 + v1) | 0
    v1 = rotate(v1, 13) ^ v2
    v2 = rotate(v2, 16)
    v0 ^= word
  }
  return (v1 ^ v3) >>> 0
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
