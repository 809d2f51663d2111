import { createHash } from 'node:crypto'
import t from 'tap'
import { ObjectList } from '../../src/lfs/object-list.js'

const oidOf = (number: number) => createHash('sha256').update(String(number)).digest('hex')

t.test('each object once, with its size and state', async (t) => {
  const list = new ObjectList()
  for (const number of [0, 1, 0, 2]) list.add({ oid: oidOf(number), size: number * 2 ** 33 })
  list.add({ oid: oidOf(1), size: 7 })
  t.equal(list.length, 3)
  t.equal(list.bytes, 3 * 2 ** 33)
  t.strictSame(list.at(2), { oid: oidOf(2), size: 2 ** 34 })
  t.equal(list.state(2), 'named')
  list.setState(1, 'present')
  t.strictSame([...list.inChunks('named', 1)], [[0], [2]])
  t.strictSame([...list.inChunks('named', 5)], [[0, 2]])
  t.strictSame([...list.inChunks('moved', 5)], [])
})

t.test('more than a segment of them', async (t) => {
  const list = new ObjectList()
  for (let number = 0; number < 40_000; number++) list.add({ oid: oidOf(number), size: number })
  t.equal(list.length, 40_000)
  for (const number of [0, 16_383, 16_384, 39_999])
    t.strictSame(list.at(number), { oid: oidOf(number), size: number })
})
