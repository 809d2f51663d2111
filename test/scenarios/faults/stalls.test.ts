import type { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import { failureOf, stage } from '../../../testing/cases/stage.js'
import type { Action } from '../../../testing/faults/proxy-actions.js'
import { holdAfter, pausing } from '../../../testing/faults/response-faults.js'

// Long enough for git on a busy machine, as only what is silent on purpose may run into it.
const STALL = 3000
const client = { stallTimeout: STALL }

// They wait, and do so side by side.
t.jobs = 6

const silentOn = (method: string, index: number) => {
  let seen = 0
  return (request: IncomingMessage, _response: ServerResponse, next: () => void) => {
    if (request.method !== method || seen++ !== index) next()
  }
}

const silences = [
  { side: 'source', step: 'its listing', intercept: silentOn('GET', 0) },
  { side: 'source', step: 'ls-refs', intercept: silentOn('POST', 0) },
  { side: 'source', step: 'a proof', intercept: silentOn('POST', 1) },
  { side: 'source', step: 'the fetch', intercept: silentOn('POST', 2) },
  { side: 'target', step: 'its listing', intercept: silentOn('GET', 0) },
  { side: 'target', step: 'the push, of which it reads nothing', intercept: silentOn('POST', 0) },
] as const

for (const { side, step, intercept } of silences) {
  t.test(`a ${side} that is silent on ${step} times out`, async (t) => {
    const on = await stage(t, { client })
    const { source, target, request } = on
    await source.commit('main')
    await on.client.sync(request())
    const before = await target.refs()
    await source.bigHistory({ commits: 10, bytesPerCommit: 300_000, branches: 2 })
    await source.branch(
      'main',
      await source.commit('next', { parents: [before['refs/heads/main'] as string] }),
    )
    on[side].server.intercept = intercept

    const error = await failureOf(on.client.sync(request()))

    t.equal(error.code, `${side}_timeout`)
    t.ok(error.retryable)
    t.strictSame(await target.soundRefs(), before)
  })
}

t.test('a source that is silent in the middle of the pack times out', async (t) => {
  const held = holdAfter(500_000)
  const on = await stage(t, {
    client,
    source: {
      handle: ({ kind, index }) =>
        // After ls-refs and the question whether the source knows the branch that is kept.
        kind === 'call' && index === 2 ? { type: 'rewrite', transform: held.transform } : undefined,
    },
  })
  const kept = await on.target.commit('kept')
  await on.source.bigHistory({ commits: 10, bytesPerCommit: 300_000 })

  const error = await failureOf(on.client.sync(on.request()))

  t.equal(error.code, 'source_timeout')
  await Promise.all([on.source.server.idle(), on.target.server.idle()])
  t.strictSame(await on.target.soundRefs(), { 'refs/heads/kept': kept })
})

t.test('a target that takes the whole pack, does nothing and is silent, times out', async (t) => {
  const on = await stage(t, { client })
  const kept = await on.target.commit('kept')
  await on.source.commit('main')
  on.target.server.intercept = (request, _response, next) => {
    if (request.method === 'GET') next()
    else request.resume()
  }

  const error = await failureOf(on.client.sync(on.request()))

  t.equal(error.code, 'target_timeout')
  t.strictSame(await on.target.soundRefs(), { 'refs/heads/kept': kept })
})

t.test(
  'a target that moves the refs and is silent about it is asked for its refs: they are there',
  async (t) => {
    const silent: Action = { type: 'rewrite', transform: holdAfter(0).transform }
    const on = await stage(t, {
      client,
      target: { handle: ({ kind }) => (kind === 'call' ? silent : undefined) },
    })
    await on.source.commit('main')

    const result = await on.client.sync(on.request())

    t.equal(result.counts.applied, 1)
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
  },
)

t.test('a source that keeps its connection alive may think longer than the stall timeout', async (t) => {
  const on = await stage(t, {
    client,
    source: {
      handle: ({ kind, index }) =>
        kind === 'call' && index === 1 ? { type: 'rewrite', transform: pausing(1.5 * STALL) } : undefined,
    },
  })
  await on.source.bigHistory({ commits: 10, bytesPerCommit: 50_000 })

  await on.client.sync(on.request())

  t.strictSame(await on.target.soundRefs(), await on.source.refs())
})

t.test('a target that sends the head of its answer at once is not blamed for a slow source', async (t) => {
  const on = await stage(t, {
    client,
    source: {
      handle: ({ kind, index }) =>
        kind === 'call' && index === 1 ? { type: 'rewrite', transform: pausing(1.5 * STALL) } : undefined,
    },
    target: {
      intercept: (_request, response, next) => {
        const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse
        response.writeHead = ((...args: unknown[]) => {
          writeHead(...args)
          response.flushHeaders()
          return response
        }) as typeof response.writeHead
        next()
      },
    },
  })
  await on.source.bigHistory({ commits: 10, bytesPerCommit: 50_000 })

  await on.client.sync(on.request())

  t.strictSame(await on.target.soundRefs(), await on.source.refs())
})
