import t from 'tap'
import { type Side, stage } from '../../../testing/cases/stage.js'
import { sourceWithout } from '../../../testing/faults/without-capabilities.js'
import { fastImport } from '../../../testing/git/fast-import.js'
import { tangledHistory } from '../../../testing/git/tangled-history.js'
import { Random } from '../../../testing/random.js'

const sources = {
  'a source with filter': {},
  'a v1 source with filter': { protocol: 'v1' },
  'a source without filter': { config: { 'uploadpack.allowFilter': 'false' } },
  'a v1 source without filter': { protocol: 'v1', config: { 'uploadpack.allowFilter': 'false' } },
} as const

for (const [seed, [name, source]] of Object.entries(sources).entries()) {
  t.test(`${name}: a random history with merges arrives in many steps, and another after it`, async (t) => {
    const random = new Random(seed)
    const { source: from, target, client, request } = await stage(t, { source })
    const scope = { allRefs: true }
    const options = { targetMaxPackBytes: 120_000 }
    // Over v1 git refuses a commit that its walk by dates does not find below a ref.
    const datesLie = !('protocol' in source)
    await grow(random, from, datesLie)

    const first = await client.sync(request({ scope, options }))

    t.strictSame(await target.soundRefs(), await from.refs(), 'nothing else, nothing temporary')
    t.equal(first.execution.transferMode, 'bootstrap-batch')
    t.ok(first.execution.batch.done >= 3, `${first.execution.batch.done} pushes`)
    await grow(random, from, datesLie)

    const second = await client.replicate(request({ scope, options, policy: { prune: true } }))

    t.strictSame(await target.soundRefs(), await from.refs())
    t.equal(second.execution.transferMode, 'replicate-batch')
  })
}

/** Adds a history that shares nothing with the one before but the names of its branches, and tags of all kinds. */
async function grow(random: Random, source: Side, datesLie: boolean): Promise<void> {
  await fastImport(
    source.dir,
    tangledHistory(random, { commits: 50, branches: 5, bytesPerCommit: 40_000, datesLie }),
  )
  const tag = `v${random.int(1, 1000)}`
  await source.tag(tag, 'main', { annotated: true })
  await source.tag(`${tag}-again`, tag, { annotated: true })
  await source.tag(`${tag}-light`, 'branch-1')
  await source.commit('refs/notes/commits')
  await source.tag(`${tag}-tree`, 'refs/notes/commits^{tree}')
}

t.test('without filter, commits side by side that are too large together go one by one', async (t) => {
  const { source, target, client, request } = await stage(t, {
    source: { config: { 'uploadpack.allowFilter': 'false' } },
  })
  const random = new Random(3)
  const root = await source.commit('main')
  for (let branch = 0; branch < 9; branch++) {
    const blob = Buffer.from(Array.from({ length: 60_000 }, () => random.int(0, 255)))
    await source.commit(`branch-${branch}`, { parents: [root], files: { blob } })
  }

  await client.sync(request({ options: { targetMaxPackBytes: 130_000 } }))

  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('without filter, a large update of a long history does not begin at its root', async (t) => {
  const { source, target, client, request } = await stage(t, {
    source: { config: { 'uploadpack.allowFilter': 'false' } },
  })
  await source.addCommits('main', 400)
  await client.sync(request())
  const random = new Random(4)
  for (let i = 0; i < 8; i++) {
    const blob = Buffer.from(Array.from({ length: 50_000 }, () => random.int(0, 255)))
    await source.commit('main', { files: { blob } })
  }
  target.server.resetRequests()

  const result = await client.sync(request({ options: { targetMaxPackBytes: 120_000 } }))

  t.strictSame(await target.soundRefs(), await source.refs())
  t.ok(result.execution.batch.done <= 6, `${result.execution.batch.done} pushes`)
})

t.test('a source with neither filter nor shallow cannot be cut into steps, and it says so', async (t) => {
  const { source, target, client, request } = await stage(t, {
    ...sourceWithout('v2', 'shallow', 'filter'),
    target: { config: { 'receive.maxInputSize': '100000' } },
  })
  await source.bigHistory({ commits: 40, bytesPerCommit: 10_000 })

  await t.rejects(client.sync(request()), {
    code: 'pack_limit_exceeded',
    message: /neither filter nor shallow/,
  })
  t.strictSame(await target.soundRefs(), {})
})
