import { test } from 'tap'
import { BatchSize } from '../../../src/engine/batch/batch-size.js'
import { BatchWeight, regularWeight } from '../../../src/engine/batch/batch-weight.js'
import type { Frontier } from '../../../src/engine/batch/frontier.js'
import type { Context } from '../../../src/engine/push/push-state.js'
import { TargetLimit } from '../../../src/engine/push/target-limit.js'
import { streamOf } from '../../../testing/packets/chunks.js'

/** A history without an end in sight. */
class Endless implements Frontier {
  readonly remaining = 1_000_000
  readonly isWhole = false

  constructor(readonly end: number) {}

  get headIds(): string[] {
    return [String(this.end)]
  }

  async advance(amount: number): Promise<Frontier> {
    return new Endless(this.end + amount)
  }

  async halfwayTo(): Promise<undefined> {
    return undefined
  }
}

test('a batch is filled with so many single commits and no more, however little they weigh', async (t) => {
  let asked = 0
  const source = {
    refs: new Map(),
    objectFormat: 'sha1',
    fetch: async () => {
      asked++
      return Object.assign(streamOf(Buffer.alloc(32)), { objects: 1 })
    },
  }
  const target = { refs: new Map(), extraHaves: [], shallow: [], capabilities: { has: () => true } }
  const run = { meter: { sourceBytes: 0 } }
  const job = { maxPackBytes: Number.POSITIVE_INFINITY }
  const context = { remotes: { source, target }, plan: [], confirmed: new Set(), run, job }
  const weight = new BatchWeight(context as unknown as Context, new BatchSize(TargetLimit.given(1_000_000)))
  const filled = await weight.fill(new Endless(0))
  t.strictSame([filled.end, asked], [100, 100])
})

test('commits are regular once the latest four are within a fifth of their average', async (t) => {
  t.equal(regularWeight([100, 110, 90]), undefined)
  t.equal(regularWeight([5000, 100, 110, 90, 100]), 100)
  t.equal(regularWeight([100, 100, 100, 150]), undefined)
  t.equal(regularWeight([100, 100, 'over', 100, 100]), undefined)
})
