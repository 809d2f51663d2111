import t from 'tap'
import { type LimitEvidence, type TooLarge, tooLargePack } from '../../../src/engine/push/push-outcome.js'
import { TargetLimit } from '../../../src/engine/push/target-limit.js'

const MIB = 1024 * 1024
const refusal = (bytes: number, evidence: LimitEvidence = 'sent'): TooLarge => ({
  ...tooLargePack('', bytes),
  evidence,
})

t.test('a limit that was given or named is worth trying', async (t) => {
  t.equal(TargetLimit.given(10 * MIB).worthTrying(0), 10 * MIB)
  t.equal(TargetLimit.learned(refusal(10 * MIB, 'named')).worthTrying(0), 10 * MIB)
})

/** In hundredths of a MiB. */
const rounded = (bytes: number) => Math.round((bytes * 100) / MIB)

t.test('of what went out before a refusal, part lay in buffers', async (t) => {
  t.equal(rounded(TargetLimit.learned(refusal(2 * MIB)).worthTrying(0)), 140)
  t.equal(rounded(TargetLimit.learned(refusal(11 * MIB)).worthTrying(0)), 520)
  t.equal(rounded(TargetLimit.learned(refusal(100 * MIB)).worthTrying(0)), 9200)
})

t.test('a guess that was refused is followed by half of it', async (t) => {
  const limit = TargetLimit.learned(refusal(2 * MIB))
  limit.refused(refusal(1.4 * MIB))
  t.equal(rounded(limit.worthTrying(0)), 70)
})

t.test(
  'between the largest that was accepted and the smallest that was refused, more is tried',
  async (t) => {
    const limit = TargetLimit.learned(refusal(10 * MIB))
    t.equal(rounded(limit.worthTrying(100 * MIB)), 500, 'nothing was accepted yet')
    limit.accepted(5 * MIB)
    t.equal(rounded(limit.worthTrying(100 * MIB)), 700)
    limit.accepted(7 * MIB)
    t.equal(rounded(limit.worthTrying(93 * MIB)), 820)
    limit.refused(refusal(8 * MIB))
    t.equal(rounded(limit.worthTrying(93 * MIB)), 700, 'close enough')
    t.notOk(limit.isExact)
  },
)

t.test('a trial that could cost too much, of all that is to be sent, is not made', async (t) => {
  const limit = TargetLimit.learned(refusal(10 * MIB))
  limit.accepted(5 * MIB)
  t.equal(rounded(limit.worthTrying(20 * MIB)), 500)
})

t.test('a small trial is worth its cost', async (t) => {
  const limit = TargetLimit.learned(refusal(MIB))
  limit.accepted(0.7 * MIB)
  t.equal(rounded(limit.worthTrying(0)), 82)
})

t.test('what went through before is proven, until a refusal says otherwise', async (t) => {
  const limit = TargetLimit.given(MIB)
  limit.accepted(500_000)
  t.ok(limit.isProven(400_000))
  t.notOk(limit.isProven(600_000))
  limit.refused(refusal(450_000))
  t.notOk(limit.isProven(400_000))
  t.equal(limit.worthTrying(MIB), 225_000, 'nothing is known to be accepted now')
})

t.test("this side's own refusals say nothing of the limit", async (t) => {
  const limit = TargetLimit.given(MIB)
  limit.refused(refusal(1000, 'header'))
  limit.refused(refusal(1000, 'own-limit'))
  t.equal(limit.most, MIB)
  t.ok(limit.isExact)
})
