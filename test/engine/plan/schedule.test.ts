import { test } from 'tap'
import { reusesFreedNames, schedulePushes } from '../../../src/engine/plan/schedule.js'
import { id, planned } from '../../../testing/cases/planned.js'

const heads = (...names: string[]) => names.map((name) => `refs/heads/${name}`)
const create = (...names: string[]) => heads(...names).map((name) => planned('create', name))
const drop = (...names: string[]) => heads(...names).map((name) => planned('delete', name))

/** The short names of each push; a delete has a minus. */
const schedule = async (
  plan: ReturnType<typeof create>,
  limit = 5000,
  head: string | undefined = undefined,
) =>
  (await schedulePushes(plan, head, limit)).map((push) =>
    push.map(({ ref, newId }) => (newId === '' ? '-' : '') + ref.replace('refs/heads/', '')),
  )

test('what does not move is not sent', async (t) => {
  const still = (['skip', 'block', 'warn'] as const).map((action) => planned(action, `refs/heads/${action}`))
  t.same(await schedule([...create('a'), ...still]), [['a']])
  t.same(await schedule(still), [])
})

test('a command has the old id and the new one, empty where there is none', async (t) => {
  const plan = [...create('new'), ...drop('gone'), planned('update', 'refs/heads/main')]
  t.same(await schedulePushes(plan, undefined, 10), [
    [
      { ref: 'refs/heads/gone', oldId: id('a'), newId: '' },
      { ref: 'refs/heads/new', oldId: '', newId: id('b') },
      { ref: 'refs/heads/main', oldId: id('a'), newId: id('b') },
    ],
  ])
})

test('in one push: deletes, then the branch of HEAD, then the rest', async (t) => {
  const plan = [...create('a'), ...drop('b'), ...create('main', 'z'), ...drop('y')]
  t.same(await schedule(plan, 5, 'refs/heads/main'), [['-b', '-y', 'main', 'a', 'z']])
  t.same(await schedule(plan, 5), [['-b', '-y', 'a', 'main', 'z']])
})

test('the branch of HEAD goes first under whatever name a mapping gives it', async (t) => {
  const mapped = { ...planned('create', 'refs/heads/trunk'), sourceRef: 'refs/heads/main' }
  t.same(await schedule([...create('a'), mapped], 5, 'refs/heads/main'), [['trunk', 'a']])
})

test('no push holds more ref updates than the target takes', async (t) => {
  t.same(await schedule(create('a', 'b', 'c', 'd', 'e'), 2), [['a', 'b'], ['c', 'd'], ['e']])
  t.same(await schedule(create('a', 'b'), 2), [['a', 'b']])
  t.same(await schedule(create('a', 'b', 'main'), 1, 'refs/heads/main'), [['main'], ['a'], ['b']])
})

test('where one push cannot hold all, deletes go in the last', async (t) => {
  t.same(await schedule([...create('a', 'b', 'c'), ...drop('x')], 2), [
    ['a', 'b'],
    ['c', '-x'],
  ])
  t.same(await schedule([...drop('x'), ...create('a', 'b'), ...drop('y')], 2), [
    ['a', 'b'],
    ['-x', '-y'],
  ])
})

test('deletes that one push can hold are not torn apart', async (t) => {
  t.same(await schedule([...create('a', 'b', 'c'), ...drop('x', 'y', 'z')], 4), [
    ['a', 'b', 'c'],
    ['-x', '-y', '-z'],
  ])
})

test('a create waits for the delete that frees its name', async (t) => {
  const down = [...drop('a'), ...create('a/b', 'c', 'd')]
  t.same(await schedule(down, 5), [['-a', 'a/b', 'c', 'd']])
  t.same(await schedule(down, 2), [
    ['c', 'd'],
    ['-a', 'a/b'],
  ])
  const up = [...create('a'), ...drop('a/b/c'), ...create('d', 'e')]
  t.same(await schedule(up, 2), [
    ['d', 'e'],
    ['-a/b/c', 'a'],
  ])
  t.same(await schedule([...drop('a'), ...create('a/b')], 1), [['-a'], ['a/b']], 'never the other way round')
})

test('names that are freed are told from those that only look alike', async (t) => {
  t.equal(await reusesFreedNames([...drop('a'), ...create('a/b')]), true)
  t.equal(await reusesFreedNames([...drop('a/b/c'), ...create('a')]), true)
  t.equal(await reusesFreedNames([...drop('a/b/c'), ...create('a/b')]), true)
  t.equal(await reusesFreedNames([...drop('a'), ...create('ab', 'a-b', 'b/a')]), false)
  t.equal(await reusesFreedNames([...drop('a/b'), ...create('a/c')]), false)
  t.equal(await reusesFreedNames([...drop('a'), planned('skip', 'refs/heads/a/b')]), false)
  t.equal(await reusesFreedNames(create('a', 'b')), false)
})

test('the commands of one push stay within 3 MiB, counted in bytes', async (t) => {
  // 80 digits, two spaces, a header of four bytes: each of these commands takes exactly 1 KiB.
  const name = (index: number) => `refs/heads/${'é'.repeat(461)}${String(index).padStart(5, '0')}`
  const plan = Array.from({ length: 3 * 1024 + 1 }, (_, index) => planned('create', name(index)))
  const sizeOf = (push: { ref: string }[]) =>
    push.reduce((sum, { ref }) => sum + 4 + 80 + 2 + Buffer.byteLength(ref), 0)
  t.equal(sizeOf([{ ref: name(0) }]), 1024)
  const pushes = await schedulePushes(plan, undefined, 1_000_000)
  t.equal(pushes.length, 2)
  t.ok(pushes.every((push) => sizeOf(push) <= 3 * 1024 * 1024))
  t.equal((await schedulePushes(plan.slice(0, 3000), undefined, 1_000_000)).length, 1, 'and come near it')
})

test('every command is sent once', async (t) => {
  const names = Array.from({ length: 23 }, (_, index) => `n${index}`)
  const plan = [...drop(...names.slice(0, 9)), ...create(...names.slice(9, 20), 'n1/x', 'n2/y', 'n3/z')]
  for (let limit = 1; limit <= 25; limit++) {
    const pushes = await schedule(plan, limit, 'refs/heads/n12')
    t.equal(pushes.flat().length, plan.length, `limit ${limit}`)
    t.equal(new Set(pushes.flat()).size, plan.length)
    t.ok(pushes.every((push) => push.length <= limit))
    const at = (name: string) => pushes.flat().indexOf(name)
    t.ok(at('-n1') < at('n1/x') && at('-n2') < at('n2/y') && at('-n3') < at('n3/z'))
  }
})
