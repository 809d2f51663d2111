import { createHash } from 'node:crypto'
import type { Pointer } from '../../src/lfs/pointer.js'
import type { Random } from '../random.js'
import { writePointer } from './pointers.js'

/** Files of one commit, and the objects that the pointers among them name. */
export interface PointerFiles {
  files: Record<string, string | Buffer>
  pointers: Pointer[]
}

/**
 * Pointers of any form among files that are none: small ones, larger ones that change a little, and some that only look like pointers. The same paths
 * come again from commit to commit, so that packs have deltas.
 */
export function pointerFiles(random: Random, commit: number): PointerFiles {
  const made: PointerFiles = { files: {}, pointers: [] }
  for (let number = 0; number < 6; number++) {
    const pointer = { oid: hexOf(random), size: random.int(0, 2 ** 40) }
    const text = writePointer(pointer)
    const path = `asset-${random.int(0, 9)}.bin`
    if (path in made.files) continue
    made.files[path] = random.chance(0.8) ? text : withExtensions(random, text)
    made.pointers.push(pointer)
  }
  const lines = Array.from(
    { length: random.int(1, 40) },
    (_, line) => `line ${line} of a text that changes little\n`,
  )
  made.files[`text-${random.int(0, 3)}.txt`] = `${lines.join('')}${commit}\n`
  made.files['large.txt'] = `${'a line that is the same in every commit\n'.repeat(60)}${commit}\n`
  made.files['guide.md'] =
    `${commit}: how a pointer looks\n\n${writePointer({ oid: hexOf(random), size: 1 })}`
  made.files['almost.bin'] = writePointer({ oid: hexOf(random), size: 1 }).replace('sha256', 'sha1')
  return made
}

function withExtensions(random: Random, text: string): string {
  const lines = Array.from(
    { length: random.int(1, 4) },
    (_, at) => `ext-${at}-case sha256:${hexOf(random)}\n`,
  )
  return text.replace('oid', `${lines.join('')}oid`)
}

function hexOf(random: Random): string {
  return createHash('sha256').update(String(random.next())).digest('hex')
}
