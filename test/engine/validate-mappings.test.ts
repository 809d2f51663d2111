import { test } from 'tap'
import { refused, refusedMapping } from '../../testing/cases/invalid-requests.js'

const first = ['/scope/mappings/0']

test('mappings of all kinds', async (t) => {
  const taken = [
    ['main', 'trunk'],
    ['refs/heads/main', 'refs/heads/trunk'],
    ['refs/tags/v1', 'refs/tags/w1'],
    ['release/*', 'upstream/*'],
    ['refs/heads/*', 'refs/heads/upstream/*'],
    ['*', 'x-*'],
  ]
  for (const [from = '', to = ''] of taken) t.same(refusedMapping(from, to), [], `${from} ${to}`)
})

test('mixed mappings', async (t) => {
  t.same(refusedMapping('main', 'refs/heads/trunk'), first, 'a short name and a full one')
  t.same(refusedMapping('refs/heads/main', 'trunk'), first)
  t.same(refusedMapping('main', 'x/*'), first, 'a star on one side')
  t.same(refusedMapping('x/*', 'main'), first)
  t.same(refusedMapping('a*b*', 'x*y*'), first, 'more than one star')
})

test('cross-kind mappings', async (t) => {
  const [branch, tag, other] = ['refs/heads/x', 'refs/tags/x', 'refs/notes/x']
  for (const [from, to] of [
    [branch, tag],
    [tag, branch],
    [branch, other],
    [other, branch],
    [tag, other],
    [other, tag],
  ] as const) {
    t.same(refusedMapping(from, to, true), first, `${from} ${to}`)
  }
  t.same(refusedMapping('refs/heads/*', 'refs/tags/*'), first)
})

test('namespaces other than heads and tags without allRefs', async (t) => {
  t.same(refusedMapping('refs/notes/commits', 'refs/notes/upstream'), first)
  t.same(refusedMapping('refs/pull/*', 'refs/changes/*'), first)
  t.same(refusedMapping('refs/notes/commits', 'refs/notes/upstream', true), [])
  t.same(refusedMapping('refs/pull/*', 'refs/changes/*', true), [])
})

/** What is refused of two mappings with these targets. */
function refusedTargets(...targets: string[]) {
  const mappings = targets.map((target) => {
    const [prefix, star] = [target.startsWith('refs/') ? 'refs/heads/' : '', target.includes('*') ? '*' : '']
    return { source: `${prefix}s${star}`, target }
  })
  return refused({ mappings })
}

test('overlapping or duplicate-target mappings', async (t) => {
  const pairs = [
    ['a', 'a'],
    ['a', 'refs/heads/a'],
    ['a', 'a/b'],
    ['a*', 'ab'],
    ['a*', 'ab*'],
    ['*', 'x'],
    ['a/*', 'a/b/*'],
    ['*-x', 'a*'],
    ['a', 'a/*'],
  ]
  for (const pair of pairs) {
    t.same(refusedTargets(...pair), ['/scope/mappings/1'], `${pair}`)
    t.same(refusedTargets(...pair.reverse()), ['/scope/mappings/1'], `${pair}`)
  }
  for (const pair of [
    ['a', 'b'],
    ['a', 'ab'],
    ['a/*', 'b/*'],
    ['a/b', 'a/c'],
    ['*-x', '*-y'],
  ]) {
    t.same(refusedTargets(...pair), [], `${pair}`)
  }
  const twice = ['x', 'y'].map((target) => ({ source: 'a', target }))
  t.same(refused({ mappings: twice }), [], 'one source may go to two targets')
})

test('refs that are reserved for this program', async (t) => {
  for (const [from, to] of [
    ['refs/gitsync/x', 'refs/aside/x'],
    ['refs/aside/x', 'refs/gitsync/x'],
    ['refs/gitsync/*', 'refs/aside/*'],
  ] as const) {
    t.same(refusedMapping(from, to, true), first, `${from} ${to}`)
  }
})
