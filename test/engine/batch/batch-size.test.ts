import t from 'tap'
import { BatchSize } from '../../../src/engine/batch/batch-size.js'
import { tooLargePack } from '../../../src/engine/push/push-outcome.js'
import { TargetLimit } from '../../../src/engine/push/target-limit.js'

function sizeOf(limit: number, bytesPerCommit: number): BatchSize {
  const size = new BatchSize(TargetLimit.given(limit))
  size.observe({ commits: 1, bytes: bytesPerCommit, objects: 0 })
  return size
}

t.test('a batch aims at four fifths of the limit by what a commit was seen to bring', async (t) => {
  const size = sizeOf(1_000_000, 1_000)
  t.equal(size.next(), 800)
  t.equal(size.packsFor(8_001), 11)
  size.accepted({ commits: 800, bytes: 200_000, objects: 2_400 })
  t.equal(size.next(), 3_200)
  size.accepted({ commits: 0, bytes: 500, objects: 1 })
  t.equal(size.next(), 3_200, 'a push without commits teaches nothing')
})

t.test('a refusal below the limit lowers it; a batch has one commit at least', async (t) => {
  const size = sizeOf(1_000_000, 1_000)
  const refused = (bytes: number) =>
    size.refused({ ...tooLargePack('', bytes), evidence: 'sent' }, { commits: 800, objects: 2_400 })
  refused(2_000_000)
  t.equal(size.limit.most, 1_000_000)
  refused(400_000)
  t.equal(size.limit.most, 400_000)
  t.equal(size.next(), 190, 'half of it is worth trying after a second refusal')
  refused(100)
  t.equal(size.next(), 1)
})

t.test('the objects in a header weigh what those before did', async (t) => {
  const size = sizeOf(1_000_000, 1_000)
  t.ok(size.mayHold(1_000_000), 'nothing is known of them yet')
  size.observe({ commits: 100, bytes: 100_000, objects: 400 })
  t.ok(size.mayHold(3_800))
  t.notOk(size.mayHold(3_801))
  size.refused(tooLargePack('', 1_000_000, 'header'), { commits: 800, objects: 6_400 })
  t.equal(size.next(), 400, 'commits of more objects')
  t.equal(size.limit.most, 1_000_000, 'the limit is what it was')
})

t.test('commits of a pack that passed the limit weigh more than was thought', async (t) => {
  const size = sizeOf(1_000_000, 1_000)
  size.observe({ commits: 100, bytes: 100_000, objects: 400 })
  size.refused(tooLargePack('', 1_000_000), { commits: 800, objects: 2_400 })
  t.equal(size.next(), 533)
  t.equal(size.bytesPerObject, 500)
})
