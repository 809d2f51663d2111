import { getEventListeners } from 'node:events'
import t, { type Test } from 'tap'
import { type AuthProvider, Client, GitSyncError, type RunEvent } from '../../../src/index.js'
import { actionsOf, at, failureOf, stage } from '../../../testing/cases/stage.js'
import { holdAfter } from '../../../testing/faults/response-faults.js'

/** A run whose relay stands still in the middle, with git running on both ends; `begun` resolves then. */
async function relayInTheMiddle(t: Test, bytesPerCommit = 300_000) {
  const held = holdAfter(500_000)
  const on = await stage(t, {
    source: {
      handle: ({ kind, index }) =>
        // After ls-refs and the question whether the source knows the branch that is kept.
        kind === 'call' && index === 2 ? { type: 'rewrite', transform: held.transform } : undefined,
    },
  })
  const kept = await on.target.commit('kept')
  await on.source.bigHistory({ commits: 10, bytesPerCommit })
  let begin = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const onEvent = (event: RunEvent) => {
    if (event.type === 'progress' && event.targetBytes > 0) begin()
  }
  return { ...on, begun, onEvent, before: { 'refs/heads/kept': kept } }
}

t.test('a caller’s abort in the middle of a relay ends git on both sides, and no ref moves', async (t) => {
  // More than all buffers on the way can hold, so that both programs are at work when the abort comes.
  const { source, target, client, request, begun, onEvent, before } = await relayInTheMiddle(t, 2_500_000)
  const controller = new AbortController()
  const failing = failureOf(client.sync(request(), { signal: controller.signal, onEvent }))
  await begun
  t.equal(source.requests.at(-1)?.complete, false)
  t.equal(target.requests.at(-1)?.complete, false)

  controller.abort(new Error('the user pressed a key'))

  const error = await failing
  t.equal(error.code, 'cancelled')
  t.notOk(error.retryable)
  t.match(error.cause, { message: 'the user pressed a key' })
  t.strictSame(actionsOf(error.result), { 'refs/heads/main': 'block' })
  t.equal(error.result?.counts.applied, 0)
  await Promise.all([source.server.idle(), target.server.idle()])
  t.strictSame(await target.soundRefs(), before)
})

t.test('a TimeoutError is the deadline', async (t) => {
  const { source, target, client, request, onEvent, before } = await relayInTheMiddle(t)

  const error = await failureOf(client.sync(request(), { signal: AbortSignal.timeout(1000), onEvent }))

  t.equal(error.code, 'deadline_exceeded')
  t.ok(error.retryable)
  await Promise.all([source.server.idle(), target.server.idle()])
  t.strictSame(await target.soundRefs(), before)
})

t.test('a GitSyncError as the reason is the error of the run', async (t) => {
  const { source, target, client, request, begun, onEvent, before } = await relayInTheMiddle(t)
  const controller = new AbortController()
  const failing = failureOf(client.sync(request(), { signal: controller.signal, onEvent }))
  await begun
  const reason = new GitSyncError('shutting_down', 'The service is going down.', { retryAfter: 7 })

  controller.abort(reason)

  t.equal(await failing, reason)
  await Promise.all([source.server.idle(), target.server.idle()])
  t.strictSame(await target.soundRefs(), before)
})

t.test('with a signal that is aborted already, nobody is asked anything', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')

  for (const run of ['sync', 'replicate', 'plan', 'probe'] as const) {
    const error = await failureOf(client[run](request(), { signal: AbortSignal.abort() }))
    t.equal(error.code, 'cancelled', run)
  }

  t.strictSame([...source.requests, ...target.requests], [])
})

for (const side of ['source', 'target'] as const) {
  t.test(`a listing that the ${side} does not answer is cancelled`, async (t) => {
    const controller = new AbortController()
    const { source, client, request } = await stage(t, at(side, { intercept: () => controller.abort() }))
    await source.commit('main')

    const error = await failureOf(client.sync(request(), { signal: controller.signal }))

    t.equal(error.code, 'cancelled')
  })
}

t.test('a cancelled proof ends git too', async (t) => {
  const controller = new AbortController()
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await client.sync(request())
  const before = await target.refs()
  await source.commit('main')
  let posts = 0
  source.server.intercept = (incoming, _response, next) => {
    if (incoming.method === 'POST' && ++posts === 2) controller.abort()
    next()
  }

  const error = await failureOf(client.sync(request(), { signal: controller.signal }))

  t.equal(error.code, 'cancelled')
  await source.server.idle()
  t.strictSame(await target.soundRefs(), before)
})

t.test('an abort while the target is thinking leaves what was confirmed by nobody as blocked', async (t) => {
  const controller = new AbortController()
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  target.server.intercept = (incoming, response, next) => {
    if (incoming.method === 'GET') return next()
    incoming.resume().once('end', () => {
      controller.abort()
      response.destroy()
    })
  }

  const error = await failureOf(client.sync(request(), { signal: controller.signal }))

  t.equal(error.code, 'cancelled')
  t.strictSame(actionsOf(error.result), { 'refs/heads/main': 'block' })
  t.equal(target.requests.length, 2, 'nobody asks the target anything more')
})

t.test('a provider of credentials is told by its signal', async (t) => {
  const controller = new AbortController()
  const auth: AuthProvider = {
    authFor: (_endpoint, _role, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        controller.abort()
      }),
  }
  const { source, client: _, request } = await stage(t)
  const client = new Client({ auth })

  const error = await failureOf(client.sync(request(), { signal: controller.signal }))

  t.equal(error.code, 'cancelled')
  t.strictSame(source.requests, [])
})

t.test('the reason of an abort is kept as it is, whatever it is', async (t) => {
  for (const reason of [
    Object.freeze(new Error('stop it')),
    'a word',
    undefined,
    AbortSignal.abort().reason,
  ]) {
    const controller = new AbortController()
    const { source, client, request } = await stage(t, {
      source: { intercept: () => controller.abort(reason) },
    })
    await source.commit('main')

    const error = await failureOf(
      client.sync(request({ auth: { source: { token: 'stop' } } }), { signal: controller.signal }),
    )

    t.equal(error.code, 'cancelled')
    t.equal(error.cause, controller.signal.reason)
    if (reason instanceof Error && reason.name === 'Error') t.equal(reason.message, 'stop it')
  }
})

t.test('runs leave no listener behind on a signal', async (t) => {
  const { source, client, request } = await stage(t)
  await source.commit('main')
  const { signal } = new AbortController()

  await client.sync(request(), { signal })
  await source.commit('main')
  await client.sync(request(), { signal })
  await failureOf(client.sync(request({ scope: { branches: ['none'] } }), { signal }))

  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('one client serves many runs at once, and cancelling one leaves the others alone', async (t) => {
  const { source, client, request, begun, onEvent } = await relayInTheMiddle(t)
  const others = await Promise.all([1, 2, 3].map(() => stage(t)))
  for (const other of others) await other.source.addCommits('main', 3)
  const controller = new AbortController()
  const failing = failureOf(client.sync(request(), { signal: controller.signal, onEvent }))
  await begun

  const running = others.map((other) => client.sync(other.request()))
  controller.abort()

  t.equal((await failing).code, 'cancelled')
  await Promise.all(running)
  for (const other of others) t.strictSame(await other.target.soundRefs(), await other.source.refs())
  await source.server.idle()
})
