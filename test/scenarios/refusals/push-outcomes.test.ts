import t from 'tap'
import { GitSyncError } from '../../../src/index.js'
import {
  actionsOf,
  copyRefs,
  failureOf,
  type SideOptions,
  type Stage,
  stage,
} from '../../../testing/cases/stage.js'
import type { RequestInfo } from '../../../testing/faults/proxy.js'
import type { Action } from '../../../testing/faults/proxy-actions.js'
import { mapPackets } from '../../../testing/faults/response-faults.js'
import { band, FLUSH, pkt } from '../../../testing/packets/wire.js'

const isPush = ({ kind, service }: RequestInfo) => kind === 'call' && service === 'git-receive-pack'
const isList = ({ kind }: RequestInfo) => kind === 'info-refs'
const pushesTo = ({ target }: Stage) =>
  (target.proxy?.requests ?? []).filter(({ path }) => path.endsWith('/git-receive-pack')).length

/** Loses the answer to the push, and then answers so many lists with this. */
function losing(lists: number, action: Action): SideOptions {
  let [lost, failed] = [false, 0]
  return {
    handle: (info) => {
      if (isPush(info)) {
        lost = true
        return { type: 'lose-response' }
      }
      return lost && isList(info) && failed++ < lists ? action : undefined
    },
  }
}

const troubles: Record<string, Action> = {
  'answers 500': { type: 'respond', status: 500 },
  'hangs up': { type: 'cut-response', after: 0 },
  'answers 503 and when to come back': { type: 'respond', status: 503, headers: { 'retry-after': '1' } },
  'shows a page': { type: 'respond', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
}

for (const [name, action] of Object.entries(troubles)) {
  t.test(`a push that succeeded, its answer lost, the target one that ${name} for a while`, async (t) => {
    const on = await stage(t, { target: losing(2, action) })
    await on.source.commit('main')

    const { counts } = await on.client.sync(on.request())

    t.match(counts, { applied: 1, blocked: 0 })
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
    t.equal(pushesTo(on), 1)
  })
}

t.test('a push that was carried out and then answered by a refusal is told as it is', async (t) => {
  for (const status of [302, 401, 403, 404, 411, 413]) {
    const handle = (info: RequestInfo) => (isPush(info) ? ({ type: 'pass', status } as const) : undefined)
    const on = await stage(t, { target: { handle } })
    await on.source.commit('main')
    const { counts } = await on.client.sync(on.request())
    t.match(counts, { applied: 1, blocked: 0 }, String(status))
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
    t.equal(pushesTo(on), 1)
  }
})

t.test('where the target stays away, the outcome is unknown, and worth another run', async (t) => {
  for (const policy of [{}, { bestEffort: true }, { force: true, atomic: true }]) {
    const target = losing(Number.POSITIVE_INFINITY, { type: 'respond', status: 404 })
    const on = await stage(t, { target, client: { stallTimeout: 1000 } })
    await on.source.branch('still', await on.source.commit('main'))
    await copyRefs(on.source, on.target)
    await on.source.commit('main')
    await on.source.commit('new')

    const error = await failureOf(on.client.sync(on.request({ policy })))

    t.match(error, { code: 'target_unreachable', retryable: true, message: /unknown/ })
    t.strictSame(actionsOf(error.result), {
      'refs/heads/main': 'block',
      'refs/heads/new': 'block',
      'refs/heads/still': 'skip',
    })
    t.strictSame(
      error.result?.refs.map(({ reason }) => reason),
      ['unknown', 'unknown', 'up to date'],
    )
    t.strictSame(error.refs, [
      { ref: 'refs/heads/main', reason: 'unknown' },
      { ref: 'refs/heads/new', reason: 'unknown' },
    ])
    t.strictSame(await on.target.soundRefs(), await on.source.refs(), 'it had moved all')
  }
})

t.test('an answer that breaks the protocol, and no list: unknown, and retryable for that', async (t) => {
  const garbage: Action = {
    type: 'respond',
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: 'x',
  }
  const on = await stage(t, {
    client: { stallTimeout: 1000 },
    target: {
      handle: async (info) => {
        // All of it has been sent by then.
        if (isPush(info)) await info.body()
        return isPush(info) || info.index > 0 ? garbage : undefined
      },
    },
  })
  await on.source.commit('main')

  const error = await failureOf(on.client.sync(on.request()))

  t.match(error, { code: 'target_protocol_error', retryable: true })
  t.match(error.result?.refs, [{ action: 'block', reason: 'unknown' }])
})

t.test('pushes before it stay confirmed, those behind it never began', async (t) => {
  let pushes = 0
  const on = await stage(t, {
    client: { stallTimeout: 1000 },
    target: {
      handle: (info) => {
        if (isPush(info)) return ++pushes === 2 ? { type: 'lose-response' } : undefined
        return pushes === 2 && isList(info) ? { type: 'respond', status: 500 } : undefined
      },
    },
  })
  for (const name of ['a', 'b', 'c']) await on.source.commit(name)

  const error = await failureOf(on.client.sync(on.request({ options: { targetMaxRefUpdates: 1 } })))

  t.match(error.result?.refs, [
    { targetRef: 'refs/heads/a', action: 'create' },
    { targetRef: 'refs/heads/b', action: 'block', reason: 'unknown' },
    { targetRef: 'refs/heads/c', action: 'block', reason: /^(?!unknown$)/ },
  ])
  t.equal(pushes, 2)
})

for (const [name, reason, code] of [
  ['deadline', new DOMException('late', 'TimeoutError'), 'deadline_exceeded'],
  ['caller', new Error('gone'), 'cancelled'],
  ['shutdown', new GitSyncError('shutting_down', 'later'), 'shutting_down'],
] as const) {
  t.test(`a run that its ${name} ends behind the commit point does not know what it did`, async (t) => {
    const abort = new AbortController()
    const on = await stage(t)
    on.target.server.intercept = (incoming, response, next) => {
      if (incoming.method === 'GET') return next()
      response.write = () => {
        abort.abort(reason)
        return true
      }
      response.end = () => response
      next()
    }
    await on.source.commit('main')

    const error = await failureOf(on.client.sync(on.request(), { signal: abort.signal }))

    t.match(error, { code, retryable: true })
    t.match(error.result?.refs, [{ action: 'block', reason: 'unknown' }])
    await on.target.server.idle()
    t.strictSame(await on.target.soundRefs(), await on.source.refs(), 'it had moved it')
  })
}

t.test('a run that is ended before the commit point has moved nothing, and says so', async (t) => {
  const abort = new AbortController()
  const on = await stage(t, {
    source: {
      handle: ({ kind, index }) => {
        if (kind === 'call' && index > 0) setTimeout(() => abort.abort(), 20)
        return kind === 'call' && index > 0 ? new Promise<undefined>(() => {}) : undefined
      },
    },
  })
  await on.source.commit('main')

  const error = await failureOf(on.client.sync(on.request(), { signal: abort.signal }))

  t.equal(error.code, 'cancelled')
  t.match(error.result?.refs, [{ action: 'block', reason: /^(?!unknown$)/ }])
  t.strictSame(await on.target.soundRefs(), {})
})

/** The advertisement of some other program. */
function ofAnotherAgent(): Action {
  const transform = mapPackets(({ raw, payload }) =>
    payload?.includes(0) ? pkt(payload.toString().replace(/agent=\S+/, 'agent=other/1.0')) : raw,
  )
  return { type: 'rewrite', transform }
}

/** A target of another kind whose replica answers so many lists behind the push as if nothing had happened. */
function lagging(stale: number, lists: () => Promise<Buffer>): SideOptions {
  let [pushed, answered] = [false, 0]
  return {
    handle: async (info) => {
      if (isPush(info)) pushed = true
      if (!isList(info)) return undefined
      if (!pushed || answered++ >= stale) return ofAnotherAgent()
      const headers = { 'content-type': 'application/x-git-receive-pack-advertisement' }
      return { type: 'respond', status: 200, headers, body: await lists() }
    },
  }
}

const zero = '0'.repeat(40)
const listOf = (line: string) =>
  Buffer.concat([
    pkt('# service=git-receive-pack\n'),
    FLUSH,
    pkt(`${line}\0report-status delete-refs side-band-64k ofs-delta agent=other/1.0\n`),
    FLUSH,
  ])

t.test('a report of ok is not overruled by a list that lags behind', async (t) => {
  const on = await stage(t, { target: lagging(3, async () => listOf(`${zero} capabilities^{}`)) })
  await on.source.commit('main')

  const { counts } = await on.client.sync(on.request())

  t.match(counts, { applied: 1, blocked: 0 })
  t.equal(pushesTo(on), 1)
  t.strictSame(await on.target.soundRefs(), await on.source.refs())
})

t.test('an update that lags, in the end: what was reported and what was seen', async (t) => {
  let before = ''
  const on = await stage(t, {
    client: { stallTimeout: 1000 },
    target: lagging(Number.POSITIVE_INFINITY, async () => listOf(`${before} refs/heads/main`)),
  })
  before = await on.source.commit('main')
  await copyRefs(on.source, on.target)
  await on.source.commit('main')

  const error = await failureOf(on.client.sync(on.request()))

  t.equal(error.code, 'ref_rejected')
  t.match(error.refs, [{ reason: new RegExp(`reported ok.* ${before}`) }])
})

t.test('a target of another kind whose report cannot be checked: unknown', async (t) => {
  const on = await stage(t, {
    client: { stallTimeout: 1000 },
    target: {
      handle: (info) => {
        if (!isList(info)) return undefined
        return info.index > 0 ? { type: 'respond', status: 502 } : ofAnotherAgent()
      },
    },
  })
  await on.source.commit('main')

  const error = await failureOf(on.client.sync(on.request()))

  t.match(error, { code: 'target_unavailable', retryable: true })
  t.match(error.result?.refs, [{ action: 'block', reason: 'unknown' }])
})

t.test('a refusal that is told needs no list', async (t) => {
  const lines = Buffer.concat([pkt('unpack ok\n'), pkt('ng refs/heads/main no\n'), FLUSH])
  const on = await stage(t, {
    client: { stallTimeout: 1000 },
    target: {
      handle: (info) => {
        if (isList(info) && info.index > 0) return { type: 'respond', status: 500 }
        const headers = { 'content-type': 'application/x-git-receive-pack-result' }
        const body = Buffer.concat([band(1, lines), FLUSH])
        return isPush(info)
          ? info.body().then(() => ({ type: 'respond', status: 200, headers, body }))
          : undefined
      },
    },
  })
  await on.source.commit('main')

  const error = await failureOf(on.client.sync(on.request()))

  t.match(error, { code: 'ref_rejected', refs: [{ ref: 'refs/heads/main', reason: 'no' }] })
})
