import t from 'tap'
import { openStage, type Verdict } from '../../fuzz/stage.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

// The first of the cases that `npm run fuzz` runs ten thousand of.
const CASES = 120
const LANES = 16

t.setTimeout(120_000)
t.test('a damaged response ends a run as the contract says', { timeout: 120_000 }, async (t) => {
  const rejections: unknown[] = []
  const note = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  const stage = await openStage(await temporaryFolder(t), 1)
  t.teardown(() => stage.close())
  const numbers = Array.from({ length: CASES }, (_, number) => number).values()
  const verdicts: Verdict[] = []

  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (const number of numbers) verdicts.push(await stage.run(number))
    }),
  )

  t.equal(verdicts.length, CASES)
  for (const { number, what, faults } of verdicts) t.strictSame(faults, [], `case ${number}: ${what}`)
  t.ok(new Set(verdicts.map(({ outcome }) => outcome)).size > 8, 'runs end in many ways')
  t.strictSame(rejections, [])
})
