import fc from 'fast-check'
import { test } from 'tap'
import type { Pushed } from '../../../src/engine/push/push-error.js'
import { smallerPushes } from '../../../src/engine/push/smaller-pushes.js'
import type { Command } from '../../../src/git/wire/push-request.js'
import { id } from '../../../testing/cases/planned.js'
import { holds } from '../../../testing/property.js'

const create = (ref: string): Command => ({ ref, oldId: '', newId: id('a') })
const drop = (ref: string): Command => ({ ref, oldId: id('a'), newId: '' })

/** A push of which every ref was refused, each with its reason. */
function refused(
  commands: readonly Command[],
  reasonOf: (ref: string) => string,
  more: Partial<Pushed> = {},
): Pushed {
  const outcomes = new Map(
    commands.map(({ ref }) => [ref, { type: 'refused' as const, reason: reasonOf(ref) }]),
  )
  const report = { unpack: { ok: true as const }, refs: new Map() }
  return { type: 'pushed', outcomes, report, refusal: undefined, failure: undefined, bytes: 0, ...more }
}
const declined = () => 'pre-receive hook declined'
const names = (pushes: Command[][]) => pushes.map((push) => push.map(({ ref }) => ref))

test('by namespace, deletes apart', async (t) => {
  const commands = [
    drop('refs/heads/x'),
    create('refs/heads/a'),
    create('refs/tags/v'),
    create('refs/pull/1/head'),
  ]
  t.same(
    names(smallerPushes(commands, refused(commands, declined), true)),
    commands.map(({ ref }) => [ref]),
  )
})

test('then by halves, in order', async (t) => {
  const commands = ['a', 'b', 'c'].map((name) => create(`refs/heads/${name}`))
  const expected = [['refs/heads/a', 'refs/heads/b'], ['refs/heads/c']]
  t.same(names(smallerPushes(commands, refused(commands, declined), true)), expected)
  const named = refused(commands, (ref) => `no ${ref} here`)
  t.same(names(smallerPushes(commands, named, true)), expected, 'a reason that names its ref')
})

test('nothing is made smaller that was refused for itself, failed, or moved', async (t) => {
  const commands = [create('refs/heads/a'), create('refs/heads/b')]
  const cases: Record<string, Pushed> = {
    'each for itself': refused(commands, () => 'hook declined'),
    'a failed unpack': refused(commands, declined, {
      report: { unpack: { ok: false, reason: 'no' }, refs: new Map() },
    }),
    'no report': refused(commands, declined, { report: undefined }),
  }
  const moved = refused(commands, declined)
  moved.outcomes.set('refs/heads/b', { type: 'moved', reason: 'theirs' })
  const done = refused(commands, declined)
  done.outcomes.set('refs/heads/b', { type: 'done' })
  for (const [name, pushed] of Object.entries({ ...cases, moved, done })) {
    t.same(smallerPushes(commands, pushed, true), [], name)
  }
  t.same(smallerPushes(commands, refused(commands, declined), false), [], 'without bestEffort')
  t.same(
    smallerPushes(commands.slice(0, 1), refused(commands.slice(0, 1), declined), true),
    [],
    'a single ref',
  )
})

test('any splitting ends, and loses no ref', async (t) => {
  const refs = fc.uniqueArray(
    fc
      .tuple(fc.constantFrom('refs/heads', 'refs/tags', 'refs/pull'), fc.nat(99))
      .map((parts) => parts.join('/')),
    { minLength: 2 },
  )
  const reasons = fc.array(fc.constantFrom('hook declined', 'no', 'transaction aborted'), { minLength: 1 })
  await holds(
    t,
    fc.property(refs, reasons, fc.boolean(), (all, said, isByNumber) => {
      const commands = all.map((ref, index) => (index % 3 === 0 ? drop(ref) : create(ref)))
      const reason = (ref: string) => said[ref.length % said.length] ?? 'no'
      const refusal = { cause: 'ref-count' as const, line: 'too many refs' }
      const pushes = smallerPushes(commands, refused(commands, reason, isByNumber ? { refusal } : {}), true)
      const left = pushes.flat()
      const expected = commands.filter(({ ref }) => isByNumber || reason(ref) !== 'hook declined')
      return (
        pushes.every((push) => push.length > 0 && push.length < commands.length) &&
        left.length === expected.length &&
        expected.every((command) => left.includes(command))
      )
    }),
  )
})
