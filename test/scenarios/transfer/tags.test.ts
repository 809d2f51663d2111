import t from 'tap'
import { actionsOf, copyRefs, failureOf, stage } from '../../../testing/cases/stage.js'
import { git, gitWith } from '../../../testing/git/git.js'

const policy = { includeTags: true }

for (const protocol of ['v1', 'v2'] as const) {
  t.test(
    `${protocol}: tags of commits, tags, trees and blobs arrive as they are, new and moved`,
    async (t) => {
      const { source, target, client, request } = await stage(t, { source: { protocol } })
      const main = await source.commit('main')
      const tree = await git(source.dir, 'rev-parse', `${main}^{tree}`)
      const blob = await gitWith(source.dir, { input: 'just a blob\n' }, 'hash-object', '-w', '--stdin')
      await source.tag('light', main)
      const annotated = await source.tag('annotated', main, { annotated: true })
      const nested = await source.tag('of-a-tag', annotated, { annotated: true })
      await source.tag('of-a-tag-of-a-tag', nested, { annotated: true })
      await source.tag('of-a-tree', tree, { annotated: true })
      await source.tag('of-a-blob', blob, { annotated: true })
      await source.tag('a-tree', tree)
      await source.tag('a-blob', blob)

      const created = await client.sync(request({ policy }))
      t.equal(created.counts.applied, 9)
      t.strictSame(await target.soundRefs(), await source.refs())

      const other = await gitWith(source.dir, { input: 'another blob\n' }, 'hash-object', '-w', '--stdin')
      const next = await source.commit('main')
      await source.tag('light', next)
      await source.tag('annotated', next, { annotated: true })
      await source.tag('of-a-tag', await git(source.dir, 'rev-parse', 'refs/tags/annotated'), {
        annotated: true,
      })
      await source.tag('of-a-blob', other, { annotated: true })
      await source.tag('a-blob', other)
      const error = await failureOf(client.sync(request({ policy })))
      t.equal(error.code, 'blocked_refs')
      t.match(error.result?.plan, { update: 1, block: 5 })

      const replicated = await client.replicate(request({ policy }))
      t.match(replicated.plan, { update: 6, forced: 5 })
      t.strictSame(await target.soundRefs(), await source.refs())
    },
  )

  t.test(`${protocol}: a tag that is no longer annotated, or newly so, is another object`, async (t) => {
    const { source, target, client, request } = await stage(t, { source: { protocol } })
    const main = await source.commit('main')
    await source.tag('a', main, { annotated: true })
    await source.tag('b', main)
    await copyRefs(source, target)
    await source.tag('a', main)
    await source.tag('b', main, { annotated: true })

    const planned = await client.plan(request({ policy }))
    t.strictSame(actionsOf(planned), {
      'refs/heads/main': 'skip',
      'refs/tags/a': 'block',
      'refs/tags/b': 'block',
    })
    await client.sync(request({ policy: { ...policy, force: true } }))
    t.strictSame(await target.soundRefs(), await source.refs())
  })
}

t.test('a pruned tag is gone, its object or not', async (t) => {
  const { source, target, client, request } = await stage(t)
  const main = await source.commit('main')
  await source.tag('old', main, { annotated: true })
  await copyRefs(source, target)
  await git(source.dir, 'update-ref', '-d', 'refs/tags/old')

  const { counts } = await client.sync(request({ policy: { ...policy, prune: true } }))

  t.equal(counts.deleted, 1)
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('an annotated tag does not come along with its commit unasked', async (t) => {
  const { source, target, client, request } = await stage(t)
  const main = await source.commit('main')
  const annotated = await source.tag('v1', main, { annotated: true })

  await client.sync(request())

  t.strictSame(await target.soundRefs(), { 'refs/heads/main': main })
  await t.rejects(git(target.dir, 'cat-file', '-e', annotated), 'not even as an object')
})

t.test('a branch that points to a tag object is what git makes of it', async (t) => {
  const { source, target, client, request } = await stage(t)
  const main = await source.commit('main')
  await source.tag('v1', main, { annotated: true })
  await source.branch('refs/archive/v1', await git(source.dir, 'rev-parse', 'refs/tags/v1'))

  await client.sync(request({ scope: { allRefs: true } }))

  t.strictSame(await target.soundRefs(), await source.refs())
})
