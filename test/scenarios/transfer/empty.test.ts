import t from 'tap'
import { copyRefs, failureOf, stage } from '../../../testing/cases/stage.js'

for (const protocol of ['v1', 'v2'] as const) {
  t.test(
    `${protocol}: an empty source is no_matching_refs, also where everything might be pruned`,
    async (t) => {
      const { target, client, request } = await stage(t, { source: { protocol } })
      const kept = await target.commit('kept')

      for (const policy of [{}, { prune: true }, { prune: true, mode: 'replicate' as const }]) {
        for (const scope of [{}, { allRefs: true }]) {
          const error = await failureOf(client.sync(request({ policy, scope })))
          t.equal(error.code, 'no_matching_refs')
        }
      }
      t.strictSame(await target.soundRefs(), { 'refs/heads/kept': kept })
    },
  )

  t.test(`${protocol}: both sides empty is no_matching_refs`, async (t) => {
    const { client, request } = await stage(t, { source: { protocol } })
    t.equal((await failureOf(client.sync(request()))).code, 'no_matching_refs')
  })
}

t.test('an empty target is bootstrapped in every mode', async (t) => {
  for (const run of ['sync', 'replicate'] as const) {
    const { source, target, client, request } = await stage(t)
    await source.addCommits('main', 3)

    const { execution } = await client[run](request({ policy: { prune: true } }))

    t.match(execution, { transferMode: 'bootstrap', reason: 'empty-target' })
    t.strictSame(await target.soundRefs(), await source.refs())
  }
})

t.test('a target with none of the desired refs is bootstrapped beside what it has', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.addCommits('main', 3)
  const kept = await target.commit('theirs')

  const { execution } = await client.sync(request())

  t.equal(execution.transferMode, 'bootstrap')
  t.strictSame(await target.soundRefs(), { ...(await source.refs()), 'refs/heads/theirs': kept })
})

t.test('a source whose HEAD is unborn is synced all the same', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('only-this')
  await copyRefs(source, target)
  await source.commit('only-this')

  const { execution } = await client.sync(request())

  t.equal(execution.sourceHead, 'refs/heads/main')
  t.strictSame(await target.soundRefs(), await source.refs())
})
