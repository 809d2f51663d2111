import { test } from 'tap'
import { validateProbeRequest } from '../../../src/engine/request/validate.js'
import { refused, refusedMapping, refusedPaths, source } from '../../../testing/cases/invalid-requests.js'

const first = ['/scope/mappings/0']

test('branches with mappings or with allRefs', async (t) => {
  t.same(refused({ branches: ['a'], mappings: [{ source: 'b', target: 'c' }] }), ['/scope/branches'])
  t.same(refused({ branches: ['a'], allRefs: true }), ['/scope/branches'])
  t.same(refused({ branches: ['a'], allRefs: false }), [])
  t.same(refused({ mappings: [{ source: 'b', target: 'c' }], allRefs: true }), [])
})

test('branches take short names or refs/heads/, with one star each', async (t) => {
  t.same(
    refused({ branches: ['main', 'refs/heads/main', 'release/*', 'refs/heads/*', 'a*b', 'heads/x', '*'] }),
    [],
  )
  const wrong = ['refs/tags/v1', 'refs/notes/commits', 'refs/heads', 'refs/x*', 'a*b*', '**']
  for (const name of wrong) t.same(refused({ branches: ['main', name] }), ['/scope/branches/1'], name)
})

const invalidNames = [
  'a..b',
  'a b',
  'a~1',
  'a^',
  'a:b',
  'a?',
  '[a',
  'a\\b',
  'a.lock',
  '.a',
  'a/',
  '/a',
  'a//b',
  'a@{b',
  'a\n',
  'a.',
]

test('refs that are not valid ref names', async (t) => {
  for (const name of invalidNames) {
    t.same(refused({ branches: ['main', name] }), ['/scope/branches/1'], JSON.stringify(name))
    t.same(refusedMapping('main', name), first, `target ${JSON.stringify(name)}`)
    t.same(refusedMapping(`refs/heads/${name}`, 'refs/heads/main'), first, `source ${JSON.stringify(name)}`)
  }
  t.ok(refused({ branches: [''] })?.includes('/scope/branches/0'))
  t.same(refusedMapping('refs/stash', 'refs/stash', true), first)
})

test('excludes that are not valid ref names, and could never match', async (t) => {
  for (const name of invalidNames) {
    t.same(refused({ excludeRefs: [`refs/heads/${name}`] }), ['/scope/excludeRefs/0'], JSON.stringify(name))
  }
  for (const prefix of ['refs/heads/a b', 'refs/heads/a..b', 'refs//heads']) {
    t.same(refused({ excludeRefPrefixes: [prefix] }), ['/scope/excludeRefPrefixes/0'], prefix)
  }
})

test('a star in an exclude prefix, which takes none and would protect nothing', async (t) => {
  for (const prefix of ['refs/heads/keep*', 'refs/*/keep', 'refs/heads/*']) {
    t.same(refused({ excludeRefPrefixes: [prefix] }), ['/scope/excludeRefPrefixes/0'], prefix)
    const probe = { source, excludeRefPrefixes: [prefix] }
    t.same(refusedPaths(validateProbeRequest, probe), ['/excludeRefPrefixes/0'], `probe: ${prefix}`)
  }
})

test('excludes that do not start with refs/', async (t) => {
  for (const name of ['heads/x', 'main', 'refs', '/refs/heads/x', 'REFS/heads/x']) {
    t.same(refused({ excludeRefs: ['refs/heads/a', name] }), ['/scope/excludeRefs/1'], name)
    t.same(refused({ excludeRefPrefixes: ['refs/heads/a', name] }), ['/scope/excludeRefPrefixes/1'], name)
    const probe = { source, excludeRefPrefixes: [name] }
    t.same(refusedPaths(validateProbeRequest, probe), ['/excludeRefPrefixes/0'])
  }
  t.same(refused({ excludeRefs: ['refs/heads/a', 'refs/tags/v*-rc', 'refs/stash'] }), [])
  t.same(refused({ excludeRefPrefixes: ['refs/heads/', 'refs/pull', 'refs/heads/wip/x-'] }), [])
  t.same(refused({ excludeRefs: ['refs/heads/*/*'] }), ['/scope/excludeRefs/0'])
})

test('every wrong part is named at once', async (t) => {
  const scope = {
    branches: ['a b', 'ok', 'c..d'],
    excludeRefs: ['x'],
    excludeRefPrefixes: ['y'],
    allRefs: true,
  }
  t.same(refused(scope), [
    '/scope/branches',
    '/scope/branches/0',
    '/scope/branches/2',
    '/scope/excludeRefPrefixes/0',
    '/scope/excludeRefs/0',
  ])
})
