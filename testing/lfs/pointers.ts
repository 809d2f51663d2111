import { createHash } from 'node:crypto'
import fc from 'fast-check'
import type { Pointer } from '../../src/lfs/pointer.js'

/** The pointer of an object, as git-lfs writes it. */
export function writePointer({ oid, size }: Pointer): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`
}

export function pointerOf(object: Buffer): Pointer {
  return { oid: createHash('sha256').update(object).digest('hex'), size: object.length }
}

const HEX = '0123456789abcdef'
const oid = fc
  .array(fc.constantFrom(...HEX), { minLength: 64, maxLength: 64 })
  .map((digits) => digits.join(''))
const extension = fc.record({
  priority: fc.nat({ max: 9 }),
  name: fc.stringMatching(/^\w[\w.-]{0,19}$/),
  oid,
})

/** Any text that is a pointer by the specification, and what it names. */
export const pointerText = fc
  .record({
    version: fc.constantFrom(
      'https://git-lfs.github.com/spec/v1',
      'https://hawser.github.com/spec/v1',
      'http://git-media.io/v/2',
    ),
    oid,
    size: fc.maxSafeNat(),
    extensions: fc.uniqueArray(extension, { maxLength: 5, selector: ({ priority }) => priority }),
  })
  .map(({ version, oid, size, extensions }) => {
    const lines = extensions
      .toSorted((one, other) => one.priority - other.priority)
      .map(({ priority, name, oid }) => `ext-${priority}-${name} sha256:${oid}\n`)
    return { text: `version ${version}\n${lines.join('')}oid sha256:${oid}\nsize ${size}\n`, oid, size }
  })
