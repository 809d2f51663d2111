import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { test } from 'tap'
import { CommitGraph } from '../../../../src/engine/batch/graph/commit-graph.js'
import { orderCommits } from '../../../../src/engine/batch/graph/commit-order.js'
import { CutOrder } from '../../../../src/engine/batch/graph/cut-order.js'
import { GraphFrontier } from '../../../../src/engine/batch/graph-frontier.js'
import { Pace } from '../../../../src/runtime/yield.js'
import { holds } from '../../../../testing/property.js'

const pace = new Pace()
const idOf = (number: number) => createHash('sha1').update(String(number)).digest('hex')

/** For each commit its parents, which are earlier ones; some stand for commits that are not in the graph. */
const histories = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 60 })
  .map((commits) =>
    commits.map((parents, number) => [...new Set(parents.map((parent) => (parent % (number + 2)) - 2))]),
  )

async function graphOf(history: number[][]): Promise<CommitGraph> {
  const graph = new CommitGraph(20)
  // Children first, as packs have them.
  for (const [number, parents] of [...history.entries()].reverse()) {
    await graph.add({ type: 'commit', id: idOf(number), parents: parents.map(idOf) }, pace)
  }
  return graph
}

const numbered = (graph: CommitGraph, number: number) => graph.find(idOf(number)) as number

test('the graph tells what was put into it', async (t) => {
  await holds(
    t,
    fc.asyncProperty(histories, async (history) => {
      const graph = await graphOf(history)
      if (graph.commits !== history.length) return false
      return history.every((parents, number) => {
        const commit = numbered(graph, number)
        const found = parents.map((_, place) => graph.id(graph.parent(commit, place)))
        return (
          graph.id(commit) === idOf(number) &&
          graph.parentCount(commit) === parents.length &&
          found.join() === parents.map(idOf).join()
        )
      })
    }),
  )
  t.equal((await graphOf([[]])).find(idOf(5)), undefined)
  t.equal(
    (await graphOf([[-1]])).find(idOf(-1)),
    undefined,
    'a parent that was only named is no commit of it',
  )
})

test('the graph holds many, each once', async (t) => {
  const graph = new CommitGraph(20)
  const count = 50_000
  for (let round = 0; round < 2; round++) {
    for (let number = 1; number <= count; number++)
      await graph.add({ type: 'commit', id: idOf(number), parents: [idOf(number - 1)] }, pace)
  }
  t.equal(graph.commits, count)
  t.equal(graph.size, count + 1)
  const wrong = Array.from({ length: count }, (_, index) => index + 1).filter(
    (number) => graph.id(graph.parent(numbered(graph, number), 0)) !== idOf(number - 1),
  )
  t.strictSame(wrong, [])
})

test('an order has all that the tips reach, parents first', async (t) => {
  await holds(
    t,
    fc.asyncProperty(
      histories,
      fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      async (history, picks) => {
        const graph = await graphOf(history)
        const tips = [...new Set(picks.map((pick) => pick % history.length))]
        const order = [
          ...(await orderCommits(
            graph,
            tips.map((tip) => numbered(graph, tip)),
            pace,
          )),
        ]
        const place = new Map(order.map((commit, at) => [commit, at]))
        const reached = reach(history, tips)
        return (
          order.length === reached.size &&
          [...reached].every((number) =>
            (history[number] ?? [])
              .filter((parent) => parent >= 0)
              .every((parent) => rank(place, graph, parent) < rank(place, graph, number)),
          )
        )
      },
    ),
  )
})

test('the heads of a prefix are those that none of it descends from, wherever it is cut', async (t) => {
  await holds(
    t,
    fc.asyncProperty(
      histories,
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      async (history, steps) => {
        const graph = await graphOf(history)
        const tips = history.map((_, number) => numbered(graph, number))
        const order = await orderCommits(graph, tips, pace)
        let prefix = GraphFrontier.begin(await CutOrder.of(graph, order, pace))
        for (const step of steps) {
          if (prefix.isWhole) break
          const next = await prefix.advance(step)
          if (next.end <= prefix.end || next.end > prefix.end + step) return false
          prefix = next
          if (
            [...prefix.headIds].sort().join() !== expectedHeads(history, graph, order.subarray(0, prefix.end))
          )
            return false
        }
        return true
      },
    ),
  )
})

function rank(place: Map<number, number>, graph: CommitGraph, number: number): number {
  return place.get(numbered(graph, number)) ?? Number.NaN
}

function reach(history: number[][], tips: number[]): Set<number> {
  const reached = new Set<number>()
  const left = [...tips]
  for (let number = left.pop(); number !== undefined; number = left.pop()) {
    if (number < 0 || reached.has(number)) continue
    reached.add(number)
    left.push(...(history[number] ?? []))
  }
  return reached
}

function expectedHeads(history: number[][], graph: CommitGraph, prefix: Uint32Array): string {
  const inside = new Set([...prefix].map((commit) => graph.id(commit)))
  const members = history
    .map((parents, number) => ({ id: idOf(number), parents: parents.map(idOf) }))
    .filter(({ id }) => inside.has(id))
  const parents = new Set(members.flatMap(({ parents }) => parents))
  return members
    .flatMap(({ id }) => (parents.has(id) ? [] : [id]))
    .sort()
    .join()
}
