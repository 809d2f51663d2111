import { createHash } from 'node:crypto'
import { test } from 'tap'
import { CommitGraph } from '../../../src/engine/batch/graph/commit-graph.js'
import { orderCommits } from '../../../src/engine/batch/graph/commit-order.js'
import { CutOrder } from '../../../src/engine/batch/graph/cut-order.js'
import { commitsOf } from '../../../src/engine/batch/graph/read-graph.js'
import { GraphFrontier } from '../../../src/engine/batch/graph-frontier.js'
import { IdIndex } from '../../../src/git/refs/id-index.js'
import { keyedHash } from '../../../src/git/refs/keyed-hash.js'
import { Pace } from '../../../src/runtime/yield.js'

const idOf = (number: number) => createHash('sha1').update(String(number)).digest('hex')
const pace = new Pace()

test('a commit of more parents than 16 bits count is ordered, cut and ended', async (t) => {
  const graph = new CommitGraph(20)
  const parents = Array.from({ length: 66_000 }, (_, number) => idOf(number))
  await graph.add({ type: 'commit', id: idOf(-1), parents }, pace)
  for (const id of parents) await graph.add({ type: 'commit', id, parents: [] }, pace)
  const order = await orderCommits(graph, [graph.find(idOf(-1)) ?? 0], pace)
  t.equal(order.length, 66_001)
  t.equal(graph.id(order.at(-1) ?? 0), idOf(-1))
  const prefix = GraphFrontier.begin(await CutOrder.of(graph, order, pace))
  const half = await prefix.advance(33_000)
  t.equal(half.headIds.length, half.end)
  const whole = await half.advance(half.remaining)
  t.strictSame([whole.isWhole, whole.headIds], [true, [idOf(-1)]])
})

test('too many side by side cannot be cut', async (t) => {
  const graph = new CommitGraph(20)
  const count = 130_000
  for (let number = 0; number < count; number++)
    await graph.add({ type: 'commit', id: idOf(number), parents: [] }, pace)
  const order = await orderCommits(graph, Array(count).keys(), pace)
  const prefix = GraphFrontier.begin(await CutOrder.of(graph, order, pace))
  await t.rejects(prefix.advance(120_000), { code: 'pack_limit_exceeded', message: /targetMaxRefUpdates/ })
})

test('a graph of too many objects, or of too many parents, is an error of the source', async (t) => {
  const error = { code: 'pack_limit_exceeded', message: /more than 10 commits or 20 parents/ }
  const many = new CommitGraph(20, { objects: 10, links: 20 })
  await t.rejects(
    (async () => {
      for (let number = 0; number < 11; number++)
        await many.add({ type: 'commit', id: idOf(number), parents: [] }, pace)
    })(),
    error,
  )
  const wide = new CommitGraph(20, { objects: 10, links: 20 })
  const parents = Array.from({ length: 21 }, () => idOf(1))
  await t.rejects(wide.add({ type: 'commit', id: idOf(0), parents }, pace), error)
})

test('tags are followed to their commits, each once', async (t) => {
  const graph = new CommitGraph(20)
  const count = 20_000
  await graph.add({ type: 'commit', id: idOf(0), parents: [] }, pace)
  for (let number = 1; number < count; number++)
    await graph.add({ type: 'tag', id: idOf(number), target: idOf(number - 1) }, pace)
  await graph.add({ type: 'tag', id: idOf(-1), target: idOf(-2) }, pace)
  let followed = 0
  const target = graph.target.bind(graph)
  graph.target = (number) => {
    followed++
    return target(number)
  }
  const ids = Array.from({ length: count }, (_, number) => idOf(number)).reverse()
  t.strictSame(await commitsOf(graph, [idOf(-1), idOf(-3), ...ids], pace), [graph.find(idOf(0))])
  t.equal(graph.commits, 1)
  t.ok(followed < count + 10, `${followed} steps`)
})

test('ids that share their beginnings, or their ends, have different hashes', async (t) => {
  for (const length of [20, 32]) {
    for (const at of [0, 4, length - 8]) {
      const hashes = new Set<number>()
      const index = new IdIndex(length)
      for (let number = 0; number < 20_000; number++) {
        const id = Buffer.alloc(length, 7)
        id.writeUInt32BE(number * 65_536, at)
        hashes.add(keyedHash(id, 0, length))
        if (index.intern(id) !== index.intern(Buffer.from(id))) t.fail('the same id has two numbers')
      }
      t.ok(hashes.size > 19_990, `${hashes.size} of 20000`)
    }
  }
})

test('a signal ends the order of a graph', async (t) => {
  const graph = new CommitGraph(20)
  for (let number = 1; number <= 50_000; number++)
    await graph.add({ type: 'commit', id: idOf(number), parents: [idOf(number - 1)] }, pace)
  const ended = new Pace(AbortSignal.abort(new Error('over')))
  const tips = [graph.find(idOf(50_000)) ?? 0]
  await t.rejects(orderCommits(graph, tips, ended), { message: 'over' })
  await t.rejects(commitsOf(graph, Array(10_000).fill(idOf(1)), ended), { message: 'over' })
  await t.rejects(CutOrder.of(graph, await orderCommits(graph, tips, pace), ended), { message: 'over' })
})
