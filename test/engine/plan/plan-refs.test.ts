import { test } from 'tap'
import { branchesToProve } from '../../../src/engine/plan/plan-refs.js'
import { id, planInput, planned, planOf } from '../../../testing/cases/planned.js'

const [A, B] = [id('a'), id('b')]
const modes = { sync: false, 'sync with force': true, replicate: true }

/** One ref in every mode: what becomes of it, with a `!` where it is forced. */
function inEachMode(ref: string, source: string, target: string | undefined, isFastForward = false) {
  const each = Object.values(modes).map(async (overwrite) => {
    const sides = {
      source: { [ref]: source },
      target: target ? { [ref]: target } : {},
      scope: { allRefs: true },
    }
    const fastForwards = new Set(isFastForward ? [ref] : [])
    const plan = await planOf(sides, { overwrite, fastForwards })
    return plan.map(({ action, forced }) => action + (forced ? '!' : '')).join()
  })
  return Promise.all(each)
}

test('what each mode does, ref by ref', async (t) => {
  for (const ref of ['refs/heads/main', 'refs/tags/v1', 'refs/notes/commits']) {
    t.same(await inEachMode(ref, A, undefined), ['create', 'create', 'create'], `${ref}: no such ref`)
    t.same(await inEachMode(ref, A, A), ['skip', 'skip', 'skip'], `${ref}: the same object`)
  }
  t.same(await inEachMode('refs/heads/main', B, A, true), ['update', 'update', 'update'], 'a fast-forward')
  t.same(await inEachMode('refs/heads/main', B, A), ['block', 'update!', 'update!'], 'a branch that diverged')
  t.same(await inEachMode('refs/tags/v1', B, A), ['block', 'update!', 'update!'], 'another tag object')
  t.same(await inEachMode('refs/notes/commits', B, A), ['block', 'update!', 'update!'], 'another note')
  t.same(await inEachMode('refs/pull/1/head', B, A), ['block', 'update!', 'update!'], 'any other ref')
})

test('a managed ref that the source lacks is left, or deleted with prune, in every mode', async (t) => {
  const sides = { source: { 'refs/heads/main': A }, target: { 'refs/heads/gone': B, 'refs/tags/gone': B } }
  for (const overwrite of Object.values(modes)) {
    const names = async (prune: boolean) => {
      const plan = await planOf(sides, { overwrite, prune })
      return plan.map(({ action, targetRef }) => `${action} ${targetRef}`)
    }
    t.same(await names(false), ['create refs/heads/main'])
    t.same(await names(true), ['delete refs/heads/gone', 'create refs/heads/main'], 'the tag is not managed')
  }
})

test('a planned ref names both sides', async (t) => {
  const scope = {
    mappings: [
      { source: 'main', target: 'mirror/trunk' },
      { source: 'x/*', target: 'y/*' },
    ],
  }
  const sides = {
    source: { 'refs/heads/main': B },
    target: { 'refs/heads/mirror/trunk': A, 'refs/heads/y/1': A },
    scope,
  }
  const plan = await planOf(sides, { overwrite: true, prune: true })
  t.match(plan, [
    {
      branch: 'mirror/trunk',
      sourceRef: 'refs/heads/main',
      targetRef: 'refs/heads/mirror/trunk',
      sourceHash: B,
      targetHash: A,
      kind: 'branch',
      action: 'update',
      forced: true,
    },
    {
      branch: 'y/1',
      sourceRef: '',
      targetRef: 'refs/heads/y/1',
      sourceHash: '',
      targetHash: A,
      kind: 'branch',
      action: 'delete',
      forced: undefined,
    },
  ])
  t.ok(plan.every(({ reason }) => reason !== ''))
})

test('a refusal says what differs, and names the setting that would allow it', async (t) => {
  const refs = ['refs/heads/main', 'refs/notes/n', 'refs/tags/v1']
  const all = (id: string) => Object.fromEntries(refs.map((ref) => [ref, id]))
  const plan = await planOf({ source: all(B), target: all(A), scope: { allRefs: true } })
  t.match(
    plan.map(({ reason }) => reason),
    [/diverged.*policy\.force/, /another object.* ref.*policy\.force/, /another object.* tag.*policy\.force/],
  )
})

test('sorted by target ref, by bytes', async (t) => {
  const names = ['a', 'a-', 'a/b', 'a0', 'B', 'é', '\uffff', '\u{1f600}'].map((name) => `refs/heads/${name}`)
  const source = Object.fromEntries(names.filter((name) => name !== 'refs/heads/a').map((name) => [name, A]))
  const target = { 'refs/heads/a': B, 'refs/heads/\u{1f601}': B }
  const plan = await planOf({ source, target }, { prune: true })
  const found = plan.map(({ targetRef }) => targetRef)
  const sorted = [...Object.keys(source), ...Object.keys(target)]
    .map((name) => Buffer.from(name))
    .sort(Buffer.compare)
  t.same(found, sorted.map(String))
})

test('what earlier pushes have completed stays as it is', async (t) => {
  const sides = {
    source: { 'refs/heads/a': A, 'refs/heads/b': B },
    target: { 'refs/heads/a': A, 'refs/heads/gone': A },
  }
  const done = planned('create', 'refs/heads/a', { now: A })
  const refused = { ...planned('delete', 'refs/heads/gone', { old: A }), action: 'warn' as const }
  const completed = new Map([done, refused].map((ref) => [ref.targetRef, ref]))
  const plan = await planOf(sides, { completed, prune: true })
  t.same(
    plan.map(({ action, targetRef }) => [action, targetRef]),
    [
      ['create', 'refs/heads/a'],
      ['create', 'refs/heads/b'],
      ['warn', 'refs/heads/gone'],
    ],
  )
  t.equal(plan[0], done)
})

test('what the source lists and does not serve is a warning, and no delete', async (t) => {
  const sides = { source: { 'refs/heads/a': A, 'refs/heads/b': B }, target: { 'refs/heads/a': B } }
  const plan = await planOf(sides, { unserved: new Set([A]), prune: true })
  t.same(
    plan.map(({ action, targetRef, forced }) => [action, targetRef, forced]),
    [
      ['warn', 'refs/heads/a', undefined],
      ['create', 'refs/heads/b', undefined],
    ],
  )
})

test('the same object is skipped, also where the source does not serve it', async (t) => {
  const sides = { source: { 'refs/heads/a': A }, target: { 'refs/heads/a': A } }
  t.match(await planOf(sides, { unserved: new Set([A]) }), [{ action: 'skip' }])
})

test('only branches whose target tip exists and differs need a proof', async (t) => {
  const { desired, targetRefs } = await planInput({
    source: {
      'refs/heads/new': A,
      'refs/heads/same': A,
      'refs/heads/other': A,
      'refs/tags/v1': A,
      'refs/x/y': A,
    },
    target: {
      'refs/heads/same': A,
      'refs/heads/other': B,
      'refs/tags/v1': B,
      'refs/x/y': B,
      'refs/heads/gone': B,
    },
    scope: { allRefs: true },
  })
  t.match(await branchesToProve(desired, targetRefs), [{ targetRef: 'refs/heads/other' }])
})
