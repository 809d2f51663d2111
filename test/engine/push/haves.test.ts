import { test } from 'tap'
import { chooseHaves } from '../../../src/engine/push/haves.js'
import type { ReceivePack } from '../../../src/git/receive-pack.js'
import { id, planned } from '../../../testing/cases/planned.js'

const targetOf = (refs: Iterable<[string, string]>, extraHaves: string[] = []) =>
  ({ refs: new Map(refs), extraHaves }) as unknown as ReceivePack

const remotesOf = (target: ReceivePack, sourceRefs: [string, string][] = []) => ({
  target,
  source: { refs: new Map(sourceRefs) },
})

test('the most telling first: what changes, what both have, branches, the rest', async (t) => {
  const target = targetOf(
    [
      ['refs/notes/n', id('1')],
      ['refs/heads/other', id('2')],
      ['refs/tags/v1', id('3')],
      ['refs/heads/main', id('4')],
      ['refs/heads/gone', id('6')],
    ],
    [id('5'), id('2')],
  )
  const plan = [
    planned('update', 'refs/heads/main', { old: id('4'), now: id('9') }),
    planned('create', 'refs/heads/new', { now: id('8') }),
    planned('delete', 'refs/heads/gone', { old: id('6') }),
  ]
  const source = new Map([
    ['refs/tags/v1', id('3')],
    ['refs/heads/main', id('9')],
  ])
  const order = ['4', '3', '2', '6', '1', '5'].map(id)
  t.same(
    await chooseHaves({ target, source: { refs: source } }, plan),
    order,
    'each once, and nothing that the target lacks',
  )
})

test('a target without refs has what it borrows', async (t) => {
  t.same(await chooseHaves(remotesOf(targetOf([], [id('5')])), []), [id('5')])
  t.same(await chooseHaves(remotesOf(targetOf([])), [planned('create', 'refs/heads/a')]), [])
})

test('no more than 50,000, the least telling left out', async (t) => {
  const number = (index: number) => String(index).padStart(40, '0')
  const refs = Array.from({ length: 60_000 }, (_, index): [string, string] => [
    `refs/tags/${index}`,
    number(index),
  ])
  refs.push(['refs/heads/main', id('a')])
  const haves = await chooseHaves(remotesOf(targetOf(refs), [['refs/tags/59999', number(59_999)]]), [])
  t.equal(haves.length, 50_000)
  t.same(haves.slice(0, 3), [number(59_999), id('a'), number(0)])
})

test('what earlier pushes of the run have confirmed comes first, and counts among the 50,000', async (t) => {
  const target = targetOf([['refs/heads/main', id('4')]])
  t.same(await chooseHaves(remotesOf(target), [], new Set([id('7'), id('4')])), [id('7'), id('4')])
  const many = Array.from({ length: 50_001 }, (_, index) => String(index).padStart(40, '0'))
  t.equal((await chooseHaves(remotesOf(target), [], new Set(many))).length, 50_000)
})
