import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { type HistoryObject, readHistory } from '../../../src/git/pack/history.js'
import { fastImport } from '../../../testing/git/fast-import.js'
import { git } from '../../../testing/git/git.js'
import { gitBytes } from '../../../testing/git/git-bytes.js'
import { createRepository } from '../../../testing/git/sample-repository.js'
import { tangledHistory } from '../../../testing/git/tangled-history.js'
import { streamOf } from '../../../testing/packets/chunks.js'
import { appending, idOf, type WrittenEntry, writePack } from '../../../testing/packets/pack-writer.js'
import { Random } from '../../../testing/random.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

const A = 'a'.repeat(40)
const commitOf = (...parents: string[]) =>
  Buffer.from(
    `tree ${A}\n${parents.map((id) => `parent ${id}\n`).join('')}author x <x> 0 +0000\ncommitter x <x> 0 +0000\n\nparent ${A}\n`,
  )
const never = () => Promise.reject(new Error('nothing was to be fetched again'))

async function readAll(
  entries: WrittenEntry[],
  fetchObjects: (ids: readonly string[]) => Promise<Buffer> = never,
) {
  const pack = streamOf(writePack(entries), [60_000])
  const objects: HistoryObject[] = []
  const refetch = async (ids: readonly string[]) => streamOf(await fetchObjects(ids), [1000])
  for await (const found of readHistory(pack, 'sha1', refetch)) objects.push(...found)
  return objects
}

t.test('commits with their parents, tags with their targets, and nothing else', async (t) => {
  const [root, child] = [commitOf(), commitOf(A, 'b'.repeat(40))]
  const tag = Buffer.from(`object ${A}\ntype commit\ntag v1\ntagger x <x> 0 +0000\n\nv1\n`)
  const objects = await readAll([
    { type: 'commit', data: root },
    { type: 'blob', data: Buffer.from('parent of nothing') },
    { type: 'tag', data: tag },
    { type: 'commit', data: child },
  ])
  t.strictSame(objects, [
    { type: 'commit', id: idOf('commit', root), parents: [] },
    { type: 'tag', id: idOf('tag', tag), target: A },
    { type: 'commit', id: idOf('commit', child), parents: [A, 'b'.repeat(40)] },
  ])
})

t.test('a commit may be a delta on another, by offset or by id, and that on another', async (t) => {
  const root = commitOf()
  const second = Buffer.concat([root, Buffer.from('more\n')])
  const third = Buffer.concat([second, Buffer.from('and more\n')])
  const objects = await readAll(
    [
      { type: 'commit', data: root },
      { type: 'ofs-delta', base: 0, data: appending(root, root.length, Buffer.from('more\n')) },
      {
        type: 'ref-delta',
        base: idOf('commit', second),
        data: appending(second, second.length, Buffer.from('and more\n')),
      },
    ],
    async (ids) => {
      t.strictSame(ids, [idOf('commit', second)])
      return writePack([{ type: 'commit', data: second }])
    },
  )
  t.strictSame(
    objects.map(({ id }) => id),
    [root, second, third].map((data) => idOf('commit', data)),
  )
})

t.test('a base that went by long ago is fetched again, once for all that stand on it', async (t) => {
  const root = commitOf()
  const more = (text: string) => appending(root, root.length, Buffer.from(text))
  const second = Buffer.concat([root, Buffer.from('x')])
  const between = Array.from({ length: 20 }, () => ({
    type: 'blob' as const,
    data: randomBytes(1024 * 1024),
  }))
  const fetched: (readonly string[])[] = []
  const objects = await readAll(
    [
      { type: 'commit', data: root },
      ...between,
      { type: 'ofs-delta', base: 0, data: more('x') },
      { type: 'ofs-delta', base: 21, data: appending(second, second.length, Buffer.from('y')) },
      { type: 'ofs-delta', base: 0, data: more('z') },
    ],
    async (ids) => {
      fetched.push(ids)
      return writePack([{ type: 'commit', data: root }])
    },
  )
  t.strictSame(fetched, [[idOf('commit', root)]])
  const expected = [
    root,
    second,
    Buffer.concat([second, Buffer.from('y')]),
    Buffer.concat([root, Buffer.from('z')]),
  ]
  t.strictSame(new Set(objects.map(({ id }) => id)), new Set(expected.map((data) => idOf('commit', data))))
})

t.test('a base that never comes, and malformed objects, are errors', async (t) => {
  const root = commitOf()
  const orphan: WrittenEntry = { type: 'ref-delta', base: A, data: appending(root, 5, Buffer.from('x')) }
  await t.rejects(
    readAll([orphan], async () => writePack([])),
    { message: /no base/ },
  )
  for (const data of [`tree ${A}\nparent zz\nauthor`, `tree ${A}\nparent ${A.slice(1)}`]) {
    await t.rejects(readAll([{ type: 'commit', data: Buffer.from(data) }]), { message: /malformed commit/ })
  }
  await t.rejects(readAll([{ type: 'tag', data: Buffer.from('object x') }]), { message: /malformed tag/ })
})

t.test("a real pack tells what git's own walk tells", async (t) => {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    const { dir } = await createRepository(join(await temporaryFolder(t), 'r'), { objectFormat })
    const shape = { commits: 200, branches: 6, bytesPerCommit: 300, datesLie: true }
    await fastImport(dir, tangledHistory(new Random(7), shape))
    const pack = await gitBytes(
      {},
      '-C',
      dir,
      'pack-objects',
      '--all',
      '--stdout',
      '-q',
      '--delta-base-offset',
    )
    const found: string[] = []
    for await (const objects of readHistory(streamOf(pack, [777]), objectFormat, never)) {
      for (const object of objects) {
        if (object.type === 'commit') found.push([object.id, ...object.parents].join(' '))
      }
    }
    const expected = await git(dir, 'rev-list', '--all', '--parents')
    t.strictSame(found.sort(), expected.split('\n').sort(), objectFormat)
  }
})
