import { createHash } from 'node:crypto'
import t from 'tap'
import { actionsOf, copyRefs, failureOf, stage } from '../../../testing/cases/stage.js'

const sha256 = { objectFormat: 'sha256' } as const
const ZERO = '0'.repeat(64)

for (const protocol of ['v1', 'v2'] as const) {
  t.test(
    `${protocol}: sha256 on both sides: first sync, update, force, tags, deletes, empty packs`,
    async (t) => {
      const on = await stage(t, { source: { ...sha256, protocol }, target: sha256 })
      const { source, target, client, request } = on
      const policy = { includeTags: true, prune: true, protocol }
      const first = await source.commit('main')
      t.equal(first.length, 64)
      await source.branch('old', first)
      await source.tag('v1', first, { annotated: true })

      const created = await client.sync(request({ policy }))
      t.equal(created.counts.applied, 3)
      t.strictSame(await target.soundRefs(), await source.refs())

      await source.commit('main')
      await source.branch('again', first)
      await source.delete('old')
      const updated = await client.sync(request({ policy }))
      t.match(updated.counts, { applied: 2, deleted: 1 })
      t.strictSame(await target.soundRefs(), await source.refs())

      await source.branch('only-a-name', first)
      await client.sync(request({ policy }))
      t.strictSame(await target.soundRefs(), await source.refs(), 'an empty pack')

      await target.commit('main')
      await source.commit('main', { parents: [first] })
      t.equal((await failureOf(client.sync(request({ policy })))).code, 'blocked_refs')
      await client.sync(request({ policy: { ...policy, force: true } }))
      t.strictSame(await target.soundRefs(), await source.refs())
    },
  )
}

t.test('a digest of a sha256 plan has 64 zeros for a missing object', async (t) => {
  const { source, client, request } = await stage(t, { source: sha256, target: sha256 })
  const main = await source.commit('main')

  const { plan } = await client.plan(request())

  const line = `create refs/heads/main ${ZERO} ${main}\n`
  t.equal(plan.digest, `sha256:${createHash('sha256').update(line).digest('hex')}`)
})

for (const [from, to] of [
  ['sha256', 'sha1'],
  ['sha1', 'sha256'],
] as const) {
  for (const protocol of ['v1', 'v2'] as const) {
    t.test(`${protocol}: ${from} to ${to} is unsupported, and says why`, async (t) => {
      const { source, target, client, request } = await stage(t, {
        source: { objectFormat: from, protocol },
        target: { objectFormat: to },
      })
      await source.commit('main')
      const kept = await target.commit('kept')

      for (const run of ['plan', 'sync', 'replicate'] as const) {
        const error = await failureOf(client[run](request()))
        t.equal(error.code, 'unsupported')
        t.match(error.message, from)
        t.match(error.message, to)
      }
      t.strictSame(await target.soundRefs(), { 'refs/heads/kept': kept })
    })
  }
}

t.test('a sha256 target that diverged is proven so', async (t) => {
  const { source, target, client, request } = await stage(t, { source: sha256, target: sha256 })
  const base = await source.commit('main')
  await source.branch('archive', await source.commit('main'))
  await copyRefs(source, target)
  await source.commit('main', { parents: [base] })

  const planned = await client.plan(request())

  t.strictSame(actionsOf(planned), { 'refs/heads/archive': 'skip', 'refs/heads/main': 'block' })
})
