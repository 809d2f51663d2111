import { test } from 'tap'
import { isReserved, mayPrune, refPrefixes, toScope } from '../../../src/engine/request/scope.js'
import type { RefScope } from '../../../src/index.js'

const REFS = [
  'refs/heads/main',
  'refs/heads/release/1',
  'refs/heads/up/main',
  'refs/tags/v1',
  'refs/tags/up/v1',
  'refs/notes/commits',
  'refs/gitsync/x',
]

/** Which of the refs above a target may lose, if the source lacks them all. */
const prunable = (scope: RefScope, includeTags = false) =>
  REFS.filter((ref) => mayPrune(toScope(scope, includeTags), ref))

test('of branches, all where neither branches nor mappings are given', async (t) => {
  const branches = ['refs/heads/main', 'refs/heads/release/1', 'refs/heads/up/main']
  t.same(prunable({}), branches)
  t.same(prunable({ branches: null, mappings: [], excludeRefs: null, excludeRefPrefixes: [] }), branches)
})

test('with branches, those that it matches', async (t) => {
  t.same(prunable({ branches: ['main'] }), ['refs/heads/main'])
  t.same(prunable({ branches: ['release/*', 'gone'] }), ['refs/heads/release/1'])
  t.same(prunable({ branches: ['refs/heads/up/*'] }), ['refs/heads/up/main'])
})

test('with mappings, what the target side of a star matches', async (t) => {
  t.same(prunable({ mappings: [{ source: '*', target: 'up/*' }] }), ['refs/heads/up/main'])
  t.same(prunable({ mappings: [{ source: 'refs/tags/*', target: 'refs/tags/up/*' }] }), ['refs/tags/up/v1'])
  t.same(prunable({ mappings: [{ source: 'main', target: 'up/main' }] }), [], 'and nothing without a star')
})

test('of tags, with includeTags or allRefs', async (t) => {
  const tags = ['refs/tags/v1', 'refs/tags/up/v1']
  t.same(prunable({ branches: ['main'] }, true), ['refs/heads/main', ...tags])
  t.same(prunable({ mappings: [{ source: 'main', target: 'x' }] }, true), tags, 'beside mappings too')
  t.same(prunable({ mappings: [{ source: '*', target: 'up/*' }], allRefs: true }), [
    'refs/heads/up/main',
    ...tags,
  ])
})

test('of other refs, with allRefs and no mappings', async (t) => {
  t.same(prunable({ allRefs: true }), REFS.slice(0, -1))
  const notes = { source: 'refs/notes/*', target: 'refs/notes/*' }
  t.same(prunable({ allRefs: true, mappings: [notes] }), [
    'refs/tags/v1',
    'refs/tags/up/v1',
    'refs/notes/commits',
  ])
})

test('nothing that an exclude matches, by its target name or by the source name that a mapping gives it', async (t) => {
  const all: RefScope = { allRefs: true }
  t.same(prunable({ ...all, excludeRefPrefixes: ['refs/heads/', 'refs/tags/up'] }), [
    'refs/tags/v1',
    'refs/notes/commits',
  ])
  t.same(prunable({ branches: ['*'], excludeRefs: ['refs/heads/*/1', 'refs/heads/main'] }), [
    'refs/heads/up/main',
  ])
  const mappings = [{ source: 'refs/heads/*', target: 'refs/heads/up/*' }]
  t.same(prunable({ mappings, excludeRefs: ['refs/heads/up/main'] }), [])
  t.same(prunable({ mappings, excludeRefs: ['refs/heads/main'] }), [])
  t.same(prunable({ mappings, excludeRefs: ['refs/heads/other'] }), ['refs/heads/up/main'])
})

test('never a ref of this program itself, under either prefix', async (t) => {
  const scope = toScope({ allRefs: true }, true, 'refs/mine')
  for (const ref of ['refs/gitsync', 'refs/gitsync/a/b', 'refs/mine', 'refs/mine/x']) {
    t.equal(mayPrune(scope, ref), false, ref)
  }
  for (const ref of ['refs/gitsyncs/a', 'refs/minecraft/x']) t.equal(mayPrune(scope, ref), true, ref)
  const mapped = toScope(
    { mappings: [{ source: 'refs/*', target: 'refs/*' }], allRefs: true },
    true,
    'refs/mine',
  )
  t.equal(mayPrune(mapped, 'refs/mine/x'), false)
})

test('never a ref that cannot be mirrored: git takes no such name in a push', async (t) => {
  t.equal(mayPrune(toScope({ allRefs: true }, false), 'refs/stash'), false)
})

test('reserved names', async (t) => {
  t.equal(isReserved('refs/gitsync/a'), true)
  t.equal(isReserved('refs/gitsyncs'), false)
  t.equal(isReserved('refs/mine/a', 'refs/mine'), true)
})

test('what the source is asked to list', async (t) => {
  const asked = (scope: RefScope, includeTags = false) => refPrefixes(toScope(scope, includeTags))
  t.same(asked({}), ['HEAD', 'refs/heads/'])
  t.same(asked({}, true), ['HEAD', 'refs/heads/', 'refs/tags/'])
  t.same(asked({ allRefs: true }), ['HEAD', 'refs/'])
  t.same(asked({ branches: ['main', 'release/*-lts', 'refs/heads/x'] }), [
    'HEAD',
    'refs/heads/main',
    'refs/heads/release/',
    'refs/heads/x',
  ])
  const mappings = [
    { source: 'main', target: 'a' },
    { source: 'refs/tags/v*', target: 'refs/tags/w*' },
    { source: 'main', target: 'b' },
  ]
  t.same(asked({ mappings }), ['HEAD', 'refs/heads/main', 'refs/tags/v'], 'each once')
  t.same(asked({ mappings, allRefs: true }), ['HEAD', 'refs/'])
  const many = Array.from({ length: 200 }, (_, index) => `branch-${index}`)
  t.same(asked({ branches: many }), ['HEAD', 'refs/'], 'no endless request')
})
