import t, { type Test } from 'tap'
import { Agent, type Dispatcher } from 'undici'
import { type AuthProvider, GitSyncError, type RunEvent } from '../../../src/index.js'
import { failureOf, stage } from '../../../testing/cases/stage.js'

const OOPS = new TypeError('oops')

/** Throws, or rejects, as a caller's own code may. */
const ways: Record<string, () => never | Promise<never>> = {
  throws: () => {
    throw OOPS
  },
  'is rejected': () => Promise.reject(OOPS),
}

function isCallbackFailure(t: Test, error: GitSyncError, callback: string) {
  t.match(error, {
    code: 'callback_failed',
    retryable: false,
    message: `The caller's ${callback} threw: oops.`,
  })
  t.equal(error.cause, OOPS)
}

for (const [way, fail] of Object.entries(ways)) {
  for (const at of ['source', 'target'] as const) {
    t.test(`an AuthProvider that ${way} for the ${at}`, async (t) => {
      const auth: AuthProvider = { authFor: (_endpoint, role) => (role === at ? fail() : {}) }
      const { source, target, client, request } = await stage(t, { client: { auth } })
      await source.commit('main')

      isCallbackFailure(t, await failureOf(client.sync(request())), 'AuthProvider')

      await Promise.all([source.server.idle(), target.server.idle()])
      t.strictSame(await target.soundRefs(), {})
    })
  }

  for (const type of ['discovered', 'planned', 'progress'] as const) {
    t.test(`an onEvent that ${way} at ${type}`, async (t) => {
      const { source, target, client, request } = await stage(t)
      await source.bigHistory({ commits: 10, bytesPerCommit: 100_000 })
      const seen: RunEvent['type'][] = []
      const onEvent = (event: RunEvent): unknown => {
        seen.push(event.type)
        return event.type === type ? fail() : undefined
      }

      const error = await failureOf(client.sync(request(), { onEvent }))

      isCallbackFailure(t, error, 'onEvent')
      if (way === 'throws') t.equal(seen.indexOf(type), seen.length - 1, 'it is not called again')
      await Promise.all([source.server.idle(), target.server.idle()])
      const moved = Object.keys(await target.soundRefs()).length
      if (type !== 'progress') t.equal(moved, 0)
      else t.equal(error.result?.counts.applied, moved, 'the result says what has moved')
    })
  }

  t.test(`a dispatch that ${way} at the push`, async (t) => {
    const agent = new Agent()
    t.teardown(() => agent.close())
    const dispatcher = {
      dispatch: (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) =>
        options.method === 'POST' && options.path.endsWith('/git-receive-pack')
          ? fail()
          : agent.dispatch(options, handler),
    } as unknown as Dispatcher
    const { source, target, client, request } = await stage(t, { client: { dispatcher } })
    await source.commit('main')

    const error = await failureOf(client.sync(request()))

    isCallbackFailure(t, error, 'dispatcher')
    t.equal(error.result?.counts.applied, 0)
    await Promise.all([source.server.idle(), target.server.idle()])
    t.strictSame(await target.soundRefs(), {})
  })
}

t.test('a function of dispatchers that throws', async (t) => {
  const { source, client, request } = await stage(t, {
    client: {
      dispatcher: () => {
        throw OOPS
      },
    },
  })
  await source.commit('main')
  isCallbackFailure(t, await failureOf(client.probe(request())), 'dispatcher')
})

t.test('an onEvent that throws at the last event of a run that is done: the result is there', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const onEvent = (event: RunEvent) => {
    if (event.type === 'planned') throw OOPS
  }
  const error = await failureOf(client.plan(request(), { onEvent }))
  isCallbackFailure(t, error, 'onEvent')
  t.equal(error.result?.plan.create, 1)
  t.strictSame(await target.refs(), {})
})

t.test('what a dispatcher reports to its handler is the remote’s trouble', async (t) => {
  const dispatcher = {
    dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
      const error = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
      handler.onError?.(error)
      return true
    },
  } as unknown as Dispatcher
  const { source, client, request } = await stage(t, { client: { dispatcher } })
  await source.commit('main')
  const { source: endpoint } = request()
  t.match(await failureOf(client.probe({ source: endpoint })), {
    code: 'source_unreachable',
    retryable: true,
  })
})

t.test('a GitSyncError of the caller’s code is the error of the run', async (t) => {
  const own = new GitSyncError('source_unauthorized', 'The vault is sealed.')
  const raise = () => {
    throw own
  }
  const { source, client, request } = await stage(t)
  await source.commit('main')
  t.equal(await failureOf(client.sync(request(), { onEvent: raise })), own)
  const { client: other } = await stage(t, { client: { auth: { authFor: raise } } })
  t.equal(await failureOf(other.sync(request())), own)
})

t.test('a provider that ends with the run is not to blame', async (t) => {
  const controller = new AbortController()
  const auth: AuthProvider = {
    authFor: (_endpoint, _role, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('the vault was left')))
        controller.abort()
      }),
  }
  const { client, request } = await stage(t, { client: { auth } })
  const error = await failureOf(client.sync(request(), { signal: controller.signal }))
  t.equal(error.code, 'cancelled')
})
