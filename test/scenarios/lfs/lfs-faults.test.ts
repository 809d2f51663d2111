import { createHash, randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { GitSyncError } from '../../../src/index.js'
import type { Fault } from '../../../testing/lfs/fake-lfs.js'
import { lfsStage } from '../../../testing/lfs/lfs-stage.js'
import { Random } from '../../../testing/random.js'

const DOWNLOADS: Fault[] = ['truncated', 'corrupted', 'too-long', 'other-length', 'chunked-short', 'gone']
const BOTH: Fault[] = ['reset', 'expired', 'unavailable']
// Retries wait, so that lanes run at the same time.
const LANES = 10
const RUNS = 6

const isRight = ([oid, object]: [string, Buffer]) => createHash('sha256').update(object).digest('hex') === oid

t.test(`no ref moves while an object is missing, in ${LANES * RUNS} runs with faults`, async (t) => {
  const outcomes = { moved: 0, refused: 0 }
  await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(t, new Random(lane), outcomes)))
  t.equal(outcomes.moved + outcomes.refused, LANES * RUNS)
  t.ok(outcomes.moved >= 5 && outcomes.refused >= 5, JSON.stringify(outcomes))
})

async function runLane(t: Test, random: Random, outcomes: { moved: number; refused: number }): Promise<void> {
  let isFaulty = true
  const some = (kinds: readonly Fault[]) => () =>
    isFaulty && random.chance(0.2) ? random.pick(kinds) : undefined
  const { source, target, client, from, to, request, commit } = await lfsStage(t, {
    sourceLfs: { fault: some([...DOWNLOADS, ...BOTH]) },
    targetLfs: { fault: some(BOTH) },
  })
  for (let run = 0; run < RUNS; run++) {
    const before = await target.refs()
    const objects = await commit(...[16, 5000, 300_000].map((size) => randomBytes(size)))
    const error = await client.sync(request()).then(
      () => undefined,
      (error: unknown) => error,
    )
    t.ok([...to.objects].every(isRight), `${to.objects.size} objects`)
    if (error === undefined) {
      outcomes.moved++
      t.ok(objects.every(({ oid }) => to.objects.has(oid)))
      t.strictSame(await target.refs(), await source.refs())
    } else {
      outcomes.refused++
      t.ok(error instanceof GitSyncError && error.code !== 'internal', String(error))
      t.strictSame(await target.refs(), before)
    }
  }
  isFaulty = false
  await client.sync(request({ lfs: 'all' }))
  t.strictSame(new Set(to.objects.keys()), new Set(from.objects.keys()))
  t.strictSame(await target.soundRefs(), await source.refs())
}
