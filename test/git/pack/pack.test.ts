import assert from 'node:assert/strict'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'tap'
import { emptyPack, PackTail, parsePackHeader } from '../../../src/git/pack/pack.js'
import { hashSize } from '../../../src/git/refs/object-id.js'
import { gitWith } from '../../../testing/git/git.js'
import { createRepository } from '../../../testing/git/sample-repository.js'
import { holds } from '../../../testing/property.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

test('git takes the empty pack', async (t) => {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    const { dir } = await createRepository(join(await temporaryFolder(t), 'repository'), { objectFormat })
    const input = emptyPack(objectFormat)
    const said = await gitWith(dir, { input }, 'index-pack', '--stdin', '--strict')
    t.equal(said, `pack\t${input.subarray(12).toString('hex')}`, 'by its checksum')
    t.equal(input.length, 12 + hashSize(objectFormat))
    t.equal(parsePackHeader(input), 0)
  }
})

const formats = fc.constantFrom('sha1' as const, 'sha256' as const)
const chunkLists = fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 20 })

test('what is held and let go is the pack, in order, and its end is let go last', async (t) => {
  await holds(
    t,
    fc.property(formats, chunkLists, (format, parts) => {
      const tail = new PackTail(format)
      const chunks = parts.map((part) => Buffer.from(part))
      const freed: Buffer[] = []
      let given = 0
      for (const chunk of chunks) {
        freed.push(...tail.push(chunk))
        given += chunk.length
        const held = given - Buffer.concat(freed).length
        assert.ok(held >= Math.min(given, hashSize(format)), `only ${held} bytes held`)
      }
      freed.push(...tail.release())
      assert.deepEqual(Buffer.concat(freed), Buffer.concat(chunks))
      assert.deepEqual(tail.release(), [])
    }),
    { numRuns: 500 },
  )
})

test('no more than the last chunks are held, and none is copied', async (t) => {
  const tail = new PackTail('sha1')
  const chunks = Array.from({ length: 10 }, () => Buffer.alloc(1000))
  const freed = chunks.flatMap((chunk) => tail.push(chunk))
  t.equal(freed.length, 9)
  t.ok(freed.every((chunk, index) => chunk === chunks[index]))
  t.same(
    tail.push(Buffer.alloc(19)).map(({ length }) => length),
    [],
  )
  t.same(
    tail.push(Buffer.alloc(1)).map(({ length }) => length),
    [1000],
  )
})
