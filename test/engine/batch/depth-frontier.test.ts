import { test } from 'tap'
import { BatchSize } from '../../../src/engine/batch/batch-size.js'
import { BatchWeight, type Weight } from '../../../src/engine/batch/batch-weight.js'
import { DepthFrontier } from '../../../src/engine/batch/depth-frontier.js'
import type { Frontier } from '../../../src/engine/batch/frontier.js'
import type { Context } from '../../../src/engine/push/push-state.js'
import { TargetLimit } from '../../../src/engine/push/target-limit.js'

/** A history in one line, `deep` commits below the tip, of which the target has nothing. */
function lineOf(deep: number) {
  const depths: number[] = []
  const commitsAt = async (depth: number) => {
    depths.push(depth)
    return depth <= deep ? [depth.toString(16).padStart(40, '0')] : []
  }
  return { depths, history: { tips: ['f'.repeat(40)], commitsAt, isHeld: async () => false } }
}

test('a history of a million commits is measured by a few questions', async (t) => {
  const { depths, history } = lineOf(1_000_000)
  const { remaining } = await DepthFrontier.begin(history)
  t.ok(remaining > 1_000_000 && remaining < 1_100_000, `${remaining}`)
  t.ok(depths.length < 30, `${depths.length}`)
})

test('a source that names commits at any depth is in the wrong', async (t) => {
  const { depths, history } = lineOf(Number.POSITIVE_INFINITY)
  await t.rejects(DepthFrontier.begin(history), { code: 'source_protocol_error', message: /no history/ })
  t.ok(depths.length < 30, `${depths.length} questions`)
  t.ok(
    depths.every((depth) => depth < 2 ** 31 - 1),
    'git has no greater depth',
  )
})

/** A frontier that can always be halved, and gone on from, whatever it weighs. */
const endless = (): Frontier => ({
  headIds: [],
  end: 0,
  remaining: 1,
  isWhole: false,
  advance: async () => endless(),
  halfwayTo: async () => endless(),
})

test('a source by which no part ever fits, or all parts weigh nothing, does not lead us on for ever', async (t) => {
  class Weighed extends BatchWeight {
    weighings = 0
    constructor(readonly weight: Weight | 'over') {
      super({} as Context, new BatchSize(TargetLimit.given(1000)))
    }
    override async weigh() {
      this.weighings++
      return this.weight
    }
  }
  const heavy = new Weighed('over')
  await heavy.bisect(endless(), endless())
  t.ok(heavy.weighings <= 200, `${heavy.weighings}`)
  const light = new Weighed({ bytes: 0, objects: 0, isSound: true })
  await light.fill(endless())
  t.ok(light.weighings <= 100, `${light.weighings}`)
})
