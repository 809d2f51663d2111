import { test } from 'tap'
import { pushError, settlePush, type Verdict } from '../../src/engine/settle.js'
import { Capabilities } from '../../src/git/capabilities.js'
import type { ReceivePack } from '../../src/git/receive-pack.js'
import { id } from '../support/planned.js'

const [A, B, C] = [id('a'), id('b'), id('c')]
const update = { ref: 'refs/heads/main', oldId: A, newId: B }
const create = { ref: 'refs/heads/new', oldId: '', newId: B }
const drop = { ref: 'refs/heads/old', oldId: A, newId: '' }

type Refs = Record<string, string>

/** A target of this agent, whose refs are these when it is listed again. */
function targetOf(agent: string | undefined, refs: Refs) {
  const relisted = { refs: new Map(Object.entries(refs)) } as unknown as ReceivePack
  let listings = 0
  const target = {
    capabilities: new Capabilities(agent === undefined ? [] : [`agent=${agent}`]),
    relist: async () => {
      listings++
      return relisted
    },
  } as unknown as ReceivePack
  return { target, listings: () => listings }
}
const report = (refs: Refs, unpackError = '') => ({ unpackError, refs: new Map(Object.entries(refs)) })
const allOk = report({ [update.ref]: '', [create.ref]: '', [drop.ref]: '' })
const done: Refs = { [update.ref]: B, [create.ref]: B }

test('git and JGit are believed when they say that all is well', async (t) => {
  for (const agent of ['git/2.39.5', 'git/github-8f6a', 'JGit/6.9.0', 'jgit/7']) {
    const { target, listings } = targetOf(agent, {})
    const verdicts = await settlePush(target, [update, create, drop], allOk)
    t.same([...verdicts.values()], [{ type: 'done' }, { type: 'done' }, { type: 'done' }], agent)
    t.equal(listings(), 0)
  }
})

test('of any other agent the target is listed again, and has the last word', async (t) => {
  for (const agent of ['dulwich/0.21.2', 'go-git/5.x', 'gitoxide', undefined]) {
    const { target, listings } = targetOf(agent, { [update.ref]: B, [drop.ref]: A })
    const verdicts = await settlePush(target, [update, create, drop], allOk)
    t.match(verdicts.get(update.ref), { type: 'done' }, String(agent))
    t.match(verdicts.get(create.ref), { type: 'refused', reason: /did not move it/ })
    t.match(verdicts.get(drop.ref), { type: 'refused' })
    t.equal(listings(), 1)
  }
})

test('each way a command can end, by what the target holds after it', async (t) => {
  const verdictOf = async (command: typeof update, current: string, said?: string) => {
    const refs: Refs = current === '' ? {} : { [command.ref]: current }
    const { target } = targetOf('git/2', refs)
    const verdicts = await settlePush(
      target,
      [command],
      said === undefined ? undefined : report({ [command.ref]: said }),
    )
    return verdicts.get(command.ref)
  }
  t.same(await verdictOf(update, A, 'hook declined'), { type: 'refused', reason: 'hook declined' })
  t.same(await verdictOf(create, '', 'protected'), { type: 'refused', reason: 'protected' })
  t.same(await verdictOf(drop, A, 'denied'), { type: 'refused', reason: 'denied' })
  t.match(await verdictOf(update, C, 'failed to update ref'), {
    type: 'moved',
    reason: new RegExp(`${A}.*${C}`),
  })
  t.match(await verdictOf(update, '', 'stale info'), { type: 'moved', reason: /deleted/ })
  t.match(await verdictOf(create, C, 'already exists'), { type: 'moved', reason: new RegExp(`absent.*${C}`) })
  t.match(await verdictOf(drop, C, 'stale info'), { type: 'moved' })
  t.same(
    await verdictOf(update, B, 'whatever'),
    { type: 'done' },
    'refused, but there: all is as it shall be',
  )
  t.same(await verdictOf(drop, '', 'no such ref'), { type: 'done' })
  t.same(await verdictOf(update, B), { type: 'done' }, 'no report at all')
  t.match(await verdictOf(update, A), { type: 'refused', reason: /did not report/ })
  t.match(await verdictOf(update, C), { type: 'moved' })
})

test('a ref without a line after unpack ok is unknown: the target is listed again', async (t) => {
  const { target, listings } = targetOf('git/2', { ...done, [drop.ref]: A })
  const verdicts = await settlePush(target, [update, create, drop], report({ [update.ref]: '' }))
  t.equal(listings(), 1)
  t.match(
    [...verdicts.values()],
    [{ type: 'done' }, { type: 'done' }, { type: 'refused', reason: /gave no reason/ }],
  )
})

test('what git confirmed stays done, also if another writer moved it since', async (t) => {
  const { target } = targetOf('git/2', { [update.ref]: C })
  const verdicts = await settlePush(
    target,
    [update, create],
    report({ [update.ref]: '', [create.ref]: 'no' }),
  )
  t.same(verdicts.get(update.ref), { type: 'done' })
})

test('a failed unpack without ref lines is the reason of each', async (t) => {
  const { target } = targetOf('dulwich/0.21', { [update.ref]: A })
  const verdicts = await settlePush(target, [update, create], report({}, 'missing delta base'))
  for (const verdict of verdicts.values()) {
    t.same(verdict, { type: 'refused', reason: 'unpack failed: missing delta base' })
  }
})

const verdicts = (...entries: [string, Verdict['type']][]) =>
  new Map(
    entries.map(([ref, type]): [string, Verdict] => [
      ref,
      type === 'done' ? { type } : { type, reason: type },
    ]),
  )

test('all done, or refusals under best effort, are no error', async (t) => {
  t.equal(pushError(verdicts(['a', 'done']), allOk, false), undefined)
  t.equal(pushError(verdicts(['a', 'done'], ['b', 'refused']), allOk, true), undefined)
})

test('a refusal is ref_rejected, with each reason', async (t) => {
  const error = pushError(verdicts(['a', 'refused'], ['b', 'done'], ['c', 'refused']), allOk, false)
  t.match(error, { code: 'ref_rejected', retryable: false, message: /policy\.bestEffort/ })
  t.same(error?.refs, [
    { ref: 'a', reason: 'refused' },
    { ref: 'c', reason: 'refused' },
  ])
})

test('a lease miss is target_ref_moved, whatever else went wrong and under best effort too', async (t) => {
  for (const bestEffort of [false, true]) {
    const error = pushError(verdicts(['a', 'refused'], ['b', 'moved']), report({}, 'no space'), bestEffort)
    t.match(error, { code: 'target_ref_moved', retryable: true })
    t.same(error?.refs, [{ ref: 'b', reason: 'moved' }])
  }
})

test('a failed unpack is an error of the target, under best effort too', async (t) => {
  for (const bestEffort of [false, true]) {
    const error = pushError(verdicts(['a', 'refused']), report({}, 'no space left'), bestEffort)
    t.match(error, { code: 'target_protocol_error', message: /no space left/, refs: [{ ref: 'a' }] })
  }
})
