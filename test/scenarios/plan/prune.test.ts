import t from 'tap'
import { Client, type RefScope, type SyncPolicy } from '../../../src/index.js'
import { actionsOf, copyRefs, type Stage, stage } from '../../../testing/cases/stage.js'

interface Case {
  name: string
  scope?: RefScope
  policy?: SyncPolicy
  deletes: string[]
}

/** What only the target has. */
const leftOver = [
  'refs/gitsync/run/0',
  'refs/heads/old',
  'refs/heads/release/old',
  'refs/heads/upstream/old',
  'refs/notes/old',
  'refs/pull/9/head',
  'refs/tags/old',
  'refs/tags/upstream/old',
]
const oldBranches = leftOver.filter((ref) => ref.startsWith('refs/heads/'))
const oldTags = leftOver.filter((ref) => ref.startsWith('refs/tags/'))

const cases: Case[] = [
  { name: 'nothing said: all branches, and nothing but branches', deletes: oldBranches },
  { name: 'in a replicate just the same', policy: { mode: 'replicate' }, deletes: oldBranches },
  { name: 'tags with includeTags', policy: { includeTags: true }, deletes: [...oldBranches, ...oldTags] },
  {
    name: 'everything with allRefs, but no ref of this program',
    scope: { allRefs: true },
    deletes: leftOver.filter((ref) => !ref.startsWith('refs/gitsync/')),
  },
  {
    name: 'branches: those that they match',
    scope: { branches: ['release/*', 'main'] },
    deletes: ['refs/heads/release/old'],
  },
  {
    name: 'a branch named that the source lacks',
    scope: { branches: ['main', 'old'] },
    deletes: ['refs/heads/old'],
  },
  {
    name: 'branches and tags',
    scope: { branches: ['main'] },
    policy: { includeTags: true },
    deletes: oldTags,
  },
  {
    name: 'mappings without a star: nothing',
    scope: { mappings: [{ source: 'main', target: 'upstream/main' }] },
    deletes: [],
  },
  {
    name: 'a mapping with a star: what its target side matches',
    scope: { mappings: [{ source: 'refs/heads/*', target: 'refs/heads/upstream/*' }] },
    deletes: ['refs/heads/upstream/old'],
  },
  {
    name: 'a mapping of tags with a star: what its target side matches',
    scope: { mappings: [{ source: 'refs/tags/*', target: 'refs/tags/upstream/*' }] },
    deletes: ['refs/tags/upstream/old'],
  },
  {
    name: 'mappings and includeTags: all tags, and the branches of the star',
    scope: { mappings: [{ source: 'refs/heads/*', target: 'refs/heads/upstream/*' }] },
    policy: { includeTags: true },
    deletes: ['refs/heads/upstream/old', ...oldTags],
  },
  {
    name: 'mappings and allRefs: all tags, and no other ref',
    scope: { mappings: [{ source: 'main', target: 'main' }], allRefs: true },
    deletes: oldTags,
  },
  {
    name: 'what is excluded by its name stays',
    scope: {
      allRefs: true,
      excludeRefs: ['refs/heads/old', 'refs/*/upstream/old'],
      excludeRefPrefixes: ['refs/notes/'],
    },
    deletes: ['refs/heads/release/old', 'refs/pull/9/head', 'refs/tags/old'],
  },
  {
    name: 'what a star would map from an excluded source stays',
    scope: {
      mappings: [{ source: 'refs/heads/*', target: 'refs/heads/upstream/*' }],
      excludeRefs: ['refs/heads/old'],
    },
    deletes: [],
  },
  {
    name: 'excluding branches excludes them from the prune by branches',
    scope: { branches: ['*'], excludeRefPrefixes: ['refs/heads/release/', 'refs/heads/upstream/'] },
    deletes: ['refs/heads/old'],
  },
]

t.test('a prune deletes exactly what the contract says', async (t) => {
  const on = await stage(t)
  await leftOvers(on)
  for (const { name, scope = {}, policy = {}, deletes } of cases) {
    const planned = await on.client.plan(on.request({ scope, policy: { ...policy, prune: true } }))
    const planning = planned.refs
      .filter(({ action }) => action === 'delete')
      .map(({ targetRef }) => targetRef)
    t.strictSame(planning, deletes, name)
    const without = await on.client.plan(on.request({ scope, policy }))
    t.equal(without.plan.delete, 0, 'and nothing without prune')
  }
})

t.test('what was planned is what is deleted, and nothing else', async (t) => {
  const on = await stage(t)
  const before = await leftOvers(on)
  for (const { name, scope = {}, policy = {}, deletes } of cases) {
    await on.target.setRefs(before)

    const result = await on.client.sync(on.request({ scope, policy: { ...policy, prune: true } }))

    const after = await on.target.refs()
    const missing = Object.keys(before).filter((ref) => !(ref in after))
    t.strictSame(missing, deletes, name)
    t.equal(result.counts.deleted, deletes.length)
  }
  await on.target.soundRefs()
})

t.test('refs below the prefix that is set are not pruned', async (t) => {
  const on = await stage(t)
  await leftOvers(on)
  const client = new Client({ tempRefPrefix: 'refs/heads/release' })

  const planned = await client.plan(
    on.request({ policy: { prune: true }, scope: { branches: ['main', 'release/*'] } }),
  )

  t.equal(planned.plan.delete, 0)
})

t.test('deleted refs are told with their old object and no new one', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await copyRefs(source, target)
  const old = await target.commit('old')

  const { refs } = await client.sync(request({ policy: { prune: true } }))

  t.strictSame(actionsOf({ refs }), { 'refs/heads/main': 'skip', 'refs/heads/old': 'delete' })
  t.match(refs[1], { branch: 'old', sourceRef: '', sourceHash: '', targetHash: old, kind: 'branch' })
})

/** A source of few refs, and a target with many more. */
async function leftOvers({ source, target }: Stage) {
  const main = await source.commit('main')
  await source.tag('v1', main)
  await copyRefs(source, target)
  for (const ref of leftOver) await target.branch(ref, main)
  return target.refs()
}
