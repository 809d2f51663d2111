import { createCipheriv } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import t from 'tap'
import { outlinePack } from '../../../src/git/pack/pack-outline.js'
import { Pace } from '../../../src/runtime/yield.js'
import { writePack } from '../../../testing/packets/pack-writer.js'

const HASH = 20
const noise = (bytes: number) =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16)).update(Buffer.alloc(bytes))
const text = (bytes: number) => Buffer.from(noise(bytes / 2).toString('hex'))
const outline = (bytes: Buffer) => outlinePack(bytes, HASH, new Pace())

const commit = { type: 'commit', data: Buffer.from('a commit') } as const

t.test('the size of a large object is known from its beginning', async (t) => {
  for (const data of [noise(2_000_000), text(2_000_000)]) {
    const pack = writePack([commit, { type: 'blob', data }])
    const { objects, bytes } = await outline(pack.subarray(0, 20_000))
    t.equal(objects, 2)
    const share = bytes / (pack.length - HASH)
    t.ok(share > 0.97 && share < 1.03, `${share} of its size`)
  }
})

t.test('objects that are whole are counted as they are', async (t) => {
  const pack = writePack([commit, { type: 'blob', data: noise(300_000) }, commit, commit])
  t.strictSame(await outline(pack), { objects: 4, bytes: pack.length - HASH })
})

t.test('a pack may end anywhere, also within a head', async (t) => {
  const pack = writePack([commit, { type: 'blob', data: noise(1000) }, commit])
  for (let end = 12; end < pack.length; end++) {
    const { objects, bytes } = await outline(pack.subarray(0, end))
    if (objects > 3 || bytes > pack.length) t.fail(`${objects} objects, ${bytes} bytes of ${end}`)
  }
})

t.test('an object that does not inflate is damage', async (t) => {
  const pack = writePack([{ type: 'blob', data: noise(1000), deflated: noise(1000) }])
  await t.rejects(outline(pack), { message: /inflate/ })
})

t.test('an object that inflates to more than its head says is damage', async (t) => {
  const deflated = deflateSync(noise(400_000))
  const lying = writePack([{ type: 'blob', data: Buffer.alloc(300_000), deflated }])
  await t.rejects(outline(lying), { message: /another size/ })
})
