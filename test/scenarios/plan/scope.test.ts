import t from 'tap'
import { Client, type RefScope, type SyncPolicy } from '../../../src/index.js'
import { actionsOf, copyRefs, failureOf, type Stage, stage } from '../../../testing/cases/stage.js'

interface Case {
  name: string
  scope: RefScope
  policy?: SyncPolicy
  /** Target names and the source names that they come from. */
  refs: Record<string, string>
}

const own = (...names: string[]) => Object.fromEntries(names.map((name) => [name, name]))
const branches = own('refs/heads/dev', 'refs/heads/main', 'refs/heads/release/1', 'refs/heads/release/2')
const tags = own('refs/tags/v1', 'refs/tags/v2')
const others = own('refs/notes/commits', 'refs/pull/1/head', 'refs/pull/1/merge')

const cases: Case[] = [
  { name: 'nothing said: all branches', scope: {}, refs: branches },
  {
    name: 'Go’s zero values: all branches',
    scope: { branches: null, mappings: [], allRefs: false, excludeRefPrefixes: null, excludeRefs: [] },
    refs: branches,
  },
  { name: 'a branch by its short name', scope: { branches: ['main'] }, refs: own('refs/heads/main') },
  {
    name: 'a branch by its full name',
    scope: { branches: ['refs/heads/main'] },
    refs: own('refs/heads/main'),
  },
  {
    name: 'branches by a star at the end',
    scope: { branches: ['release/*'] },
    refs: own('refs/heads/release/1', 'refs/heads/release/2'),
  },
  {
    name: 'branches by a star in the middle, and one more',
    scope: { branches: ['rel*/1', 'dev'] },
    refs: own('refs/heads/dev', 'refs/heads/release/1'),
  },
  { name: 'a star alone is every branch', scope: { branches: ['*'] }, refs: branches },
  {
    name: 'branches and all tags',
    scope: { branches: ['main'] },
    policy: { includeTags: true },
    refs: { ...own('refs/heads/main'), ...tags },
  },
  {
    name: 'all refs, but none of this program',
    scope: { allRefs: true },
    refs: { ...branches, ...others, ...tags },
  },
  {
    name: 'a branch under another name',
    scope: { mappings: [{ source: 'main', target: 'trunk' }] },
    refs: { 'refs/heads/trunk': 'refs/heads/main' },
  },
  {
    name: 'one branch under two names',
    scope: {
      mappings: [
        { source: 'main', target: 'main' },
        { source: 'main', target: 'stable' },
      ],
    },
    refs: { 'refs/heads/main': 'refs/heads/main', 'refs/heads/stable': 'refs/heads/main' },
  },
  {
    name: 'all branches below a prefix',
    scope: { mappings: [{ source: 'refs/heads/*', target: 'refs/heads/upstream/*' }] },
    refs: Object.fromEntries(
      Object.keys(branches).map((ref) => [ref.replace('heads/', 'heads/upstream/'), ref]),
    ),
  },
  {
    name: 'a star that changes what stands before and after it',
    scope: { mappings: [{ source: 'release/*', target: 'r-*-x' }] },
    refs: { 'refs/heads/r-1-x': 'refs/heads/release/1', 'refs/heads/r-2-x': 'refs/heads/release/2' },
  },
  {
    name: 'tags below a prefix',
    scope: { mappings: [{ source: 'refs/tags/*', target: 'refs/tags/upstream/*' }] },
    refs: { 'refs/tags/upstream/v1': 'refs/tags/v1', 'refs/tags/upstream/v2': 'refs/tags/v2' },
  },
  {
    name: 'mappings beside includeTags: the tags under their own names, and no further branch',
    scope: { mappings: [{ source: 'main', target: 'trunk' }] },
    policy: { includeTags: true },
    refs: { 'refs/heads/trunk': 'refs/heads/main', ...tags },
  },
  {
    name: 'mappings beside allRefs: tags and all else under their own names, and no further branch',
    scope: { mappings: [{ source: 'main', target: 'trunk' }], allRefs: true },
    refs: { 'refs/heads/trunk': 'refs/heads/main', ...tags, ...others },
  },
  {
    name: 'a mapping’s target wins over a discovered ref of that name',
    scope: { mappings: [{ source: 'refs/tags/v1', target: 'refs/tags/v2' }] },
    policy: { includeTags: true },
    refs: { 'refs/tags/v1': 'refs/tags/v1', 'refs/tags/v2': 'refs/tags/v1' },
  },
  {
    name: 'other refs under another name',
    scope: { mappings: [{ source: 'refs/pull/*', target: 'refs/merge-requests/*' }], allRefs: true },
    refs: {
      ...others,
      ...tags,
      'refs/merge-requests/1/head': 'refs/pull/1/head',
      'refs/merge-requests/1/merge': 'refs/pull/1/merge',
    },
  },
  {
    name: 'excluded prefixes',
    scope: { allRefs: true, excludeRefPrefixes: ['refs/pull/', 'refs/heads/rel'] },
    refs: { ...own('refs/heads/dev', 'refs/heads/main', 'refs/notes/commits'), ...tags },
  },
  {
    name: 'excluded refs, one by name and some by star',
    scope: { excludeRefs: ['refs/heads/dev', 'refs/heads/*/1'] },
    refs: own('refs/heads/main', 'refs/heads/release/2'),
  },
  {
    name: 'excluded tags',
    scope: { excludeRefs: ['refs/tags/v1'] },
    policy: { includeTags: true },
    refs: { ...branches, ...own('refs/tags/v2') },
  },
  {
    name: 'excludes match the source’s name of what a star maps',
    scope: {
      mappings: [{ source: 'refs/heads/*', target: 'refs/heads/up/*' }],
      excludeRefs: ['refs/heads/release/*'],
    },
    refs: { 'refs/heads/up/dev': 'refs/heads/dev', 'refs/heads/up/main': 'refs/heads/main' },
  },
  {
    name: 'and the target’s name',
    scope: {
      mappings: [{ source: 'refs/heads/*', target: 'refs/heads/up/*' }],
      excludeRefPrefixes: ['refs/heads/up/release/', 'refs/heads/up/dev'],
    },
    refs: { 'refs/heads/up/main': 'refs/heads/main' },
  },
  {
    name: 'but not a mapping without a star',
    scope: {
      mappings: [{ source: 'main', target: 'trunk' }],
      excludeRefs: ['refs/heads/main', 'refs/heads/trunk'],
    },
    refs: { 'refs/heads/trunk': 'refs/heads/main' },
  },
  {
    name: 'excludes on branches by star',
    scope: { branches: ['release/*', 'main'], excludeRefs: ['refs/heads/release/2'] },
    refs: own('refs/heads/main', 'refs/heads/release/1'),
  },
]

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: each scope takes what it names and nothing else`, async (t) => {
    const on = await stage(t, { source: { protocol } })
    await manyRefs(on)
    const sourceRefs = await on.source.refs()
    for (const { name, scope, policy = {}, refs } of cases) {
      const planned = await on.client.plan(on.request({ scope, policy }))
      const expected = Object.entries(refs).map(([targetRef, sourceRef]) => [
        targetRef,
        sourceRef,
        sourceRefs[sourceRef],
      ])
      const got = planned.refs.map(({ targetRef, sourceRef, sourceHash }) => [
        targetRef,
        sourceRef,
        sourceHash,
      ])
      t.strictSame(got, expected.sort(), name)
    }
  })
}

t.test('what a scope has planned is what arrives', async (t) => {
  const on = await stage(t)
  await manyRefs(on)
  const sourceRefs = await on.source.refs()
  for (const { name, scope, policy = {}, refs } of cases) {
    await on.target.setRefs({})
    await on.client.sync(on.request({ scope, policy }))
    const expected = Object.entries(refs).map(([targetRef, sourceRef]) => [targetRef, sourceRefs[sourceRef]])
    t.strictSame(await on.target.refs(), Object.fromEntries(expected.sort()), name)
  }
  await on.target.soundRefs()
})

const absent: { name: string; scope: RefScope }[] = [
  { name: 'only branches that are not there', scope: { branches: ['nothing', 'no/*'] } },
  {
    name: 'a mapping whose source is not there',
    scope: {
      mappings: [
        { source: 'main', target: 'main' },
        { source: 'nothing', target: 'other' },
      ],
    },
  },
  { name: 'a star that matches nothing', scope: { mappings: [{ source: 'no/*', target: 'new/*' }] } },
  { name: 'everything excluded', scope: { excludeRefPrefixes: ['refs/'] } },
]
for (const { name, scope } of absent) {
  t.test(`${name}: no_matching_refs, and nothing is pushed or pruned`, async (t) => {
    const on = await stage(t)
    await manyRefs(on)
    await on.target.commit('old')
    const before = await on.target.refs()

    for (const policy of [{}, { prune: true }, { prune: true, mode: 'replicate' as const }]) {
      const error = await failureOf(on.client.sync(on.request({ scope, policy })))
      t.equal(error.code, 'no_matching_refs')
      t.equal((await failureOf(on.client.plan(on.request({ scope, policy })))).code, 'no_matching_refs')
    }
    t.strictSame(await on.target.refs(), before)
  })
}

t.test('the prefix that is set for refs of this program is reserved on the target', async (t) => {
  const { source, target, request } = await stage(t)
  const main = await source.commit('main')
  await source.branch('refs/custom/on-the-source', main)
  await source.branch('refs/customs/x', main)
  await source.branch('refs/gitsync/left-over', main)
  await copyRefs(source, target, 'refs/heads/*:refs/heads/*')
  await target.branch('refs/custom/on-the-target', main)
  const client = new Client({ tempRefPrefix: 'refs/custom' })

  const planned = await client.plan(request({ scope: { allRefs: true }, policy: { prune: true } }))

  t.strictSame(actionsOf(planned), { 'refs/customs/x': 'create', 'refs/heads/main': 'skip' })
})

async function manyRefs({ source }: Stage) {
  const main = await source.commit('main')
  for (const name of ['dev', 'release/1', 'release/2']) await source.commit(name, { parents: [main] })
  await source.tag('v1', main, { annotated: true })
  await source.tag('v2', await source.head('dev'))
  await source.commit('refs/notes/commits', { parents: [] })
  for (const ref of ['refs/pull/1/head', 'refs/pull/1/merge', 'refs/gitsync/old/0']) {
    await source.commit(ref, { parents: [main] })
  }
}
