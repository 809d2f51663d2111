import { test } from 'tap'
import { pushError } from '../../../src/engine/push/push-error.js'
import { determineOutcomes, type RefOutcome } from '../../../src/engine/push/ref-outcomes.js'
import { GitSyncError } from '../../../src/errors.js'
import type { ReceivePack } from '../../../src/git/receive-pack.js'
import { Capabilities } from '../../../src/git/wire/capabilities.js'
import type { PushReport, ReportedStatus } from '../../../src/git/wire/push-report.js'
import type { Command } from '../../../src/git/wire/push-request.js'
import { id } from '../../../testing/cases/planned.js'

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
const patience = { signal: new AbortController().signal, stallTimeout: 0 }
const outcomesOf = async (target: ReceivePack, commands: Command[], said: PushReport | undefined) =>
  (await determineOutcomes(target, commands, said, patience)).outcomes
/** The status of each ref, and of the unpacking: '' for ok, else the reason. */
const report = (refs: Refs, unpackError = ''): PushReport => ({
  unpack: status(unpackError),
  refs: new Map(Object.entries(refs).map(([ref, reason]) => [ref, status(reason)])),
})
const status = (reason: string): ReportedStatus => (reason === '' ? { ok: true } : { ok: false, reason })
const allOk = report({ [update.ref]: '', [create.ref]: '', [drop.ref]: '' })
const done: Refs = { [update.ref]: B, [create.ref]: B }

test('git and JGit are believed when they say that all is well', async (t) => {
  for (const agent of ['git/2.39.5', 'git/github-8f6a', 'JGit/6.9.0', 'jgit/7']) {
    const { target, listings } = targetOf(agent, {})
    const verdicts = await outcomesOf(target, [update, create, drop], allOk)
    t.same([...verdicts.values()], [{ type: 'done' }, { type: 'done' }, { type: 'done' }], agent)
    t.equal(listings(), 0)
  }
})

test('of any other agent the target is listed again, and has the last word', async (t) => {
  for (const agent of ['dulwich/0.21.2', 'go-git/5.x', 'gitoxide', undefined]) {
    const { target, listings } = targetOf(agent, { [update.ref]: B, [drop.ref]: A })
    const verdicts = await outcomesOf(target, [update, create, drop], allOk)
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
    const verdicts = await outcomesOf(
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
  const verdicts = await outcomesOf(target, [update, create, drop], report({ [update.ref]: '' }))
  t.equal(listings(), 1)
  t.match(
    [...verdicts.values()],
    [{ type: 'done' }, { type: 'done' }, { type: 'refused', reason: /gave no reason/ }],
  )
})

test('what git confirmed stays done, also if another writer moved it since', async (t) => {
  const { target } = targetOf('git/2', { [update.ref]: C })
  const verdicts = await outcomesOf(
    target,
    [update, create],
    report({ [update.ref]: '', [create.ref]: 'no' }),
  )
  t.same(verdicts.get(update.ref), { type: 'done' })
})

test('a failed unpack without ref lines is the reason of each', async (t) => {
  const { target } = targetOf('dulwich/0.21', { [update.ref]: A })
  const verdicts = await outcomesOf(target, [update, create], report({}, 'missing delta base'))
  for (const verdict of verdicts.values()) {
    t.same(verdict, { type: 'refused', reason: 'unpack failed: missing delta base' })
  }
})

test('nor is git believed that says ok of a ref and that its pack could not be unpacked', async (t) => {
  const said = report({ [update.ref]: '', [create.ref]: '' }, 'index-pack failed')
  const { target, listings } = targetOf('git/2.39.5', { [update.ref]: A, [create.ref]: B })
  const verdicts = await outcomesOf(target, [update, create], said)
  t.equal(listings(), 1)
  t.same(verdicts.get(update.ref), { type: 'refused', reason: 'unpack failed: index-pack failed' })
  t.same(verdicts.get(create.ref), { type: 'done' })
})

const verdicts = (...entries: [string, RefOutcome['type']][]) =>
  new Map(
    entries.map(([ref, type]): [string, RefOutcome] => [
      ref,
      type === 'done' ? { type } : ({ type, reason: type } as RefOutcome),
    ]),
  )

const errorOf = (outcomes: Map<string, RefOutcome>, said: PushReport, bestEffort: boolean) =>
  pushError({ outcomes, report: said, refusal: undefined, failure: undefined, bytes: 0 }, bestEffort)

test('all done, or refusals under best effort, are no error', async (t) => {
  t.equal(errorOf(verdicts(['a', 'done']), allOk, false), undefined)
  t.equal(errorOf(verdicts(['a', 'done'], ['b', 'refused']), allOk, true), undefined)
})

test('a refusal is ref_rejected, with each reason', async (t) => {
  const error = errorOf(verdicts(['a', 'refused'], ['b', 'done'], ['c', 'refused']), allOk, false)
  t.match(error, { code: 'ref_rejected', retryable: false, message: /policy\.bestEffort/ })
  t.same(error?.refs, [
    { ref: 'a', reason: 'refused' },
    { ref: 'c', reason: 'refused' },
  ])
})

test('a lease miss is target_ref_moved, whatever else went wrong and under best effort too', async (t) => {
  for (const bestEffort of [false, true]) {
    const error = errorOf(verdicts(['a', 'refused'], ['b', 'moved']), report({}, 'no space'), bestEffort)
    t.match(error, { code: 'target_ref_moved', retryable: true })
    t.same(error?.refs, [{ ref: 'b', reason: 'moved' }])
  }
})

test('a failed unpack is an error of the target, under best effort too', async (t) => {
  for (const bestEffort of [false, true]) {
    const error = errorOf(verdicts(['a', 'refused']), report({}, 'no space left'), bestEffort)
    t.match(error, { code: 'target_protocol_error', message: /no space left/, refs: [{ ref: 'a' }] })
  }
})

/** A target whose lists are these, one after another; an error where there is none. */
function targetWhoseLists(agent: string, lists: (Refs | GitSyncError)[]) {
  let listings = 0
  const target = {
    capabilities: new Capabilities([`agent=${agent}`]),
    relist: async () => {
      const list = lists[Math.min(listings++, lists.length - 1)]
      if (list instanceof GitSyncError) throw list
      return { refs: new Map(Object.entries(list ?? {})) }
    },
  } as unknown as ReceivePack
  return { target, listings: () => listings }
}
const down = new GitSyncError('target_unavailable', 'down')

test('a list that cannot be had is asked for again', async (t) => {
  const { target, listings } = targetWhoseLists('git/2', [down, down, { [update.ref]: B }])
  const { outcomes, unseen } = await determineOutcomes(target, [update], undefined, {
    ...patience,
    stallTimeout: 5000,
  })
  t.match(outcomes.get(update.ref), { type: 'done' })
  t.equal(unseen, undefined)
  t.equal(listings(), 3)
})

test('without any list only what the report says is known', async (t) => {
  const look = async (said: PushReport | undefined, agent = 'git/2') => {
    const { target } = targetWhoseLists(agent, [down])
    const { outcomes, unseen } = await determineOutcomes(target, [update, create], said, patience)
    t.equal(unseen, down)
    return [...outcomes.values()]
  }
  t.match(await look(undefined), [
    { type: 'unknown', reason: 'unknown' },
    { type: 'unknown', reason: 'unknown' },
  ])
  const half = report({ [update.ref]: '', [create.ref]: 'no' })
  t.match(await look(half), [{ type: 'done' }, { type: 'refused', reason: 'no' }])
  t.match(await look(half, 'other/1'), [{ type: 'unknown' }, { type: 'refused', reason: 'no' }])
  t.match(await look(report({ [update.ref]: '' })), [{ type: 'done' }, { type: 'unknown' }])
  t.match(await look(report({}, 'disk full')), [{ type: 'refused' }, { type: 'refused' }])
})

test('a list that lags behind a report of ok is not believed at once', async (t) => {
  const { target, listings } = targetWhoseLists('other/1', [{ [update.ref]: A }, { [update.ref]: A }, done])
  const { outcomes } = await determineOutcomes(
    target,
    [update, create],
    report({ [update.ref]: '', [create.ref]: '' }),
    {
      ...patience,
      stallTimeout: 5000,
    },
  )
  t.match([...outcomes.values()], [{ type: 'done' }, { type: 'done' }])
  t.equal(listings(), 3)
})

test('what was reported and what was seen are both told, in the end', async (t) => {
  const { target } = targetWhoseLists('other/1', [{ [update.ref]: A }])
  const said = report({ [update.ref]: '' })
  const { outcomes } = await determineOutcomes(target, [update], said, { ...patience, stallTimeout: 400 })
  t.match(outcomes.get(update.ref), {
    type: 'refused',
    reason: new RegExp(`reported ok.*\\d lists.* at ${A}`),
  })
})

test('a run that is over looks no further, and a list that shows nothing proves nothing', async (t) => {
  const abort = new AbortController()
  abort.abort()
  const { target, listings } = targetWhoseLists('other/1', [{ [update.ref]: A }])
  const over = { signal: abort.signal, stallTimeout: 5000 }
  const said = report({ [update.ref]: '' })
  t.match((await determineOutcomes(target, [update], said, over)).outcomes.get(update.ref), {
    type: 'unknown',
  })
  t.equal(listings(), 1)
})

test('an unknown outcome is worth another run, whatever broke the push', async (t) => {
  const failure = new GitSyncError('target_protocol_error', 'It was cut.')
  const outcomes = new Map<string, RefOutcome>([['a', { type: 'unknown', reason: 'unknown' }]])
  for (const bestEffort of [false, true]) {
    const error = pushError(
      { outcomes, report: undefined, refusal: undefined, failure, bytes: 0 },
      bestEffort,
    )
    t.match(error, { code: 'target_protocol_error', retryable: true, message: /^It was cut\..*a is unknown/ })
    t.same(error?.refs, [{ ref: 'a', reason: 'unknown' }])
  }
})
