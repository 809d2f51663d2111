import t from 'tap'
import { BatchSize } from '../../../src/engine/batch/batch-size.js'

t.test('a batch aims at four fifths of the limit by what a commit was seen to bring', async (t) => {
  const size = new BatchSize(1_000_000, 1_000)
  t.equal(size.next(), 800)
  t.equal(size.packsFor(8_001), 11)
  size.accepted(800, 200_000)
  t.equal(size.next(), 3_200)
  size.accepted(0, 500)
  t.equal(size.next(), 3_200, 'a push without commits teaches nothing')
})

t.test('a refusal below the limit lowers it; a batch has one commit at least', async (t) => {
  const size = new BatchSize(1_000_000, 1_000)
  size.refused(2_000_000)
  t.equal(size.limit, 1_000_000)
  size.refused(400_000)
  t.equal(size.limit, 380_000)
  size.refused(100)
  t.equal(size.next(), 1)
})

t.test('what went through before is proven, until a refusal says otherwise', async (t) => {
  const size = new BatchSize(1_000_000, 1_000)
  size.accepted(500, 500_000)
  t.ok(size.isProven(400_000))
  t.notOk(size.isProven(600_000))
  size.refused(450_000)
  t.notOk(size.isProven(400_000))
})
