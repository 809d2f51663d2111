import { test } from 'tap'
import { discoverRefs, selectRefs } from '../../../src/engine/plan/select.js'
import { toScope } from '../../../src/engine/request/scope.js'
import type { RefScope } from '../../../src/index.js'

const REFS = [
  'refs/heads/main',
  'refs/heads/release/1',
  'refs/heads/release/2',
  'refs/tags/v1',
  'refs/notes/commits',
  'refs/pull/1/head',
  'refs/gitsync/x/1',
]
const source = new Map(REFS.map((name, index) => [name, String(index).repeat(40)]))

async function select(scope: RefScope, includeTags = false, refs: ReadonlyMap<string, string> = source) {
  const { desired, notices } = await selectRefs(toScope(scope, includeTags), refs)
  const pairs = [...desired.values()].map(({ sourceRef, targetRef }) => [targetRef, sourceRef])
  return { pairs: Object.fromEntries(pairs), names: [...desired.keys()].sort(), desired, notices }
}

const branches = ['refs/heads/main', 'refs/heads/release/1', 'refs/heads/release/2']

test('without branches and mappings: all branches', async (t) => {
  t.same((await select({})).names, branches)
  t.same((await select({ branches: [], mappings: null })).names, branches)
})

test('includeTags adds all tags, allRefs all tags and all other refs', async (t) => {
  t.same((await select({}, true)).names, [...branches, 'refs/tags/v1'])
  t.same((await select({ branches: ['main'] }, true)).names, ['refs/heads/main', 'refs/tags/v1'])
  const all = [...branches, 'refs/notes/commits', 'refs/pull/1/head', 'refs/tags/v1']
  t.same((await select({ allRefs: true })).names, all)
})

test('branches by short name, full name and star', async (t) => {
  t.same((await select({ branches: ['main', 'refs/heads/release/2'] })).names, [
    'refs/heads/main',
    'refs/heads/release/2',
  ])
  t.same((await select({ branches: ['release/*'] })).names, branches.slice(1))
})

test('mappings bring what they name, and no further branches', async (t) => {
  const mappings = [
    { source: 'main', target: 'trunk' },
    { source: 'refs/heads/release/*', target: 'refs/heads/upstream/*' },
  ]
  const mapped = {
    'refs/heads/trunk': 'refs/heads/main',
    'refs/heads/upstream/1': 'refs/heads/release/1',
    'refs/heads/upstream/2': 'refs/heads/release/2',
  }
  t.same((await select({ mappings })).pairs, mapped)
  const beside = { ...mapped, 'refs/tags/v1': 'refs/tags/v1' }
  t.same((await select({ mappings }, true)).pairs, beside)
  const others = { 'refs/notes/commits': 'refs/notes/commits', 'refs/pull/1/head': 'refs/pull/1/head' }
  t.same((await select({ mappings, allRefs: true })).pairs, { ...beside, ...others })
})

test("a mapping's target wins over a discovered ref of that name", async (t) => {
  const refs = new Map([...source, ['refs/tags/v2', 'f'.repeat(40)]])
  const mappings = [{ source: 'refs/tags/v1', target: 'refs/tags/v2' }]
  const { pairs, desired } = await select({ mappings }, true, refs)
  t.same(pairs, { 'refs/tags/v1': 'refs/tags/v1', 'refs/tags/v2': 'refs/tags/v1' })
  t.equal(desired.get('refs/tags/v2')?.id, source.get('refs/tags/v1'))
})

test('a desired ref has the id of its source and the kind of its target', async (t) => {
  const mappings = [{ source: 'refs/pull/*', target: 'refs/changes/*' }]
  const { desired } = await select({ mappings, allRefs: true })
  const expected = { sourceRef: 'refs/pull/1/head', targetRef: 'refs/changes/1/head', kind: 'other' }
  t.same(desired.get('refs/changes/1/head'), { ...expected, id: source.get('refs/pull/1/head') })
  t.equal(desired.get('refs/tags/v1')?.kind, 'tag')
})

test('excludes match the source or the target name of what is discovered or matched by a star', async (t) => {
  t.same((await select({ excludeRefPrefixes: ['refs/heads/rel'] })).names, ['refs/heads/main'])
  t.same((await select({ excludeRefs: ['refs/heads/*/1'] })).names, [
    'refs/heads/main',
    'refs/heads/release/2',
  ])
  const mappings = [{ source: 'release/*', target: 'up/*' }]
  t.same(
    (await select({ mappings, excludeRefs: ['refs/heads/release/1'] })).names,
    ['refs/heads/up/2'],
    'source name',
  )
  t.same(
    (await select({ mappings, excludeRefs: ['refs/heads/up/2'] })).names,
    ['refs/heads/up/1'],
    'target name',
  )
})

test('excludes do not apply to a mapping without a star', async (t) => {
  const mappings = [{ source: 'main', target: 'trunk' }]
  t.same((await select({ mappings, excludeRefPrefixes: ['refs/heads/'] })).names, ['refs/heads/trunk'])
})

test('a branch that the source lacks is a notice, a star that matches nothing is not', async (t) => {
  const { names, notices } = await select({ branches: ['main', 'gone', 'none/*'] })
  t.same(names, ['refs/heads/main'])
  t.same(notices, ['the source has no refs/heads/gone'])
})

test('no matching refs: a mapping whose source is absent, or nothing at all', async (t) => {
  const nothing = { name: 'GitSyncError', code: 'no_matching_refs' }
  const gone = { source: 'gone', target: 'x' }
  const mappings = [{ source: 'main', target: 'trunk' }, gone]
  await t.rejects(select({ mappings }, true), { ...nothing, message: /refs\/heads\/gone/ })
  t.same(
    (await select({ mappings: [{ source: 'none/*', target: 'x/*' }, ...mappings.slice(0, 1)] })).names.length,
    1,
  )
  await t.rejects(select({ mappings: [{ source: 'none/*', target: 'x/*' }] }), nothing)
  await t.rejects(select({ branches: ['gone'] }), nothing)
  await t.rejects(select({ excludeRefPrefixes: ['refs/heads/'] }), nothing)
  await t.rejects(select({}, false, new Map()), nothing)
})

test('refs of this program itself are never mirrored, under either prefix', async (t) => {
  const refs = new Map([...source, ['refs/mine/1', '8'.repeat(40)], ['refs/other/gitsync', '9'.repeat(40)]])
  const taken = async (scope: RefScope) => {
    const { desired } = await selectRefs(toScope(scope, false, 'refs/mine'), refs)
    return [...desired.keys()]
  }
  const own = /^refs\/(?:gitsync|mine)\//
  t.same(
    (await taken({ allRefs: true })).filter((name) => own.test(name)),
    [],
    'under their own names',
  )
  const from = (target: string) => [{ source: 'refs/pull/*', target }]
  t.same(
    (await taken({ allRefs: true, mappings: from('refs/gitsync/*') })).filter((name) => own.test(name)),
    [],
  )
  t.same(
    (await taken({ allRefs: true, mappings: from('refs/mine/*') })).filter((name) => own.test(name)),
    [],
    'mapped',
  )
  const aside = [{ source: 'refs/gitsync/*', target: 'refs/aside/*' }]
  t.same(
    (await taken({ allRefs: true, mappings: aside })).filter((name) => name.startsWith('refs/aside/')),
    [],
  )
})

test('a name that git would not take in a push is left out, with a notice', async (t) => {
  const refs = new Map([...source, ['refs/stash', '8'.repeat(40)], ['refs/heads/a..b', '9'.repeat(40)]])
  const { names, notices } = await select({ allRefs: true }, false, refs)
  t.notOk(names.includes('refs/stash') || names.includes('refs/heads/a..b'))
  t.match(notices, [/refs\/stash/, /refs\/heads\/a\.\.b/])
  const mappings = [{ source: 'release/*', target: 'x*lock' }]
  const odd = new Map([
    ['refs/heads/release/.', '1'.repeat(40)],
    ['refs/heads/release/a', '2'.repeat(40)],
  ])
  t.same((await select({ mappings }, false, odd)).names, ['refs/heads/xalock'])
})

test('a probe lists what a scope would take', async (t) => {
  const scope = toScope({ allRefs: true, excludeRefPrefixes: ['refs/pull/'] }, false)
  const found = await discoverRefs(scope, source)
  t.same(found.map(([name]) => name).sort(), [...branches, 'refs/notes/commits', 'refs/tags/v1'])
})

test('a mapping to a name of this program itself is refused, where the prefix is set', async (t) => {
  const mappings = [{ source: 'refs/notes/commits', target: 'refs/mine/x' }]
  const scope = toScope({ mappings, allRefs: true }, false, 'refs/mine')
  await t.rejects(selectRefs(scope, source), { code: 'invalid_request', message: /refs\/mine\/x/ })
})
