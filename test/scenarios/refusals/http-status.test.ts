import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import type { ProblemCode } from '../../../src/index.js'
import { at, failureOf, stage } from '../../../testing/cases/stage.js'
import type { RequestInfo } from '../../../testing/faults/proxy.js'

interface Case {
  status: number
  headers?: Record<string, string>
  code: string
  retryable: boolean
  retryAfter?: number
}

const cases: Case[] = [
  { status: 401, code: 'unauthorized', retryable: false },
  { status: 403, code: 'unauthorized', retryable: false },
  { status: 404, code: 'not_found', retryable: false },
  { status: 410, code: 'protocol_error', retryable: false },
  { status: 429, headers: { 'retry-after': '12' }, code: 'unavailable', retryable: true, retryAfter: 12 },
  { status: 500, code: 'unavailable', retryable: true },
  { status: 502, code: 'unavailable', retryable: true },
  { status: 503, headers: { 'retry-after': '120' }, code: 'unavailable', retryable: true, retryAfter: 120 },
  { status: 204, code: 'protocol_error', retryable: false },
]

const steps = [
  { side: 'source', step: 'info/refs', isIt: ({ kind }: RequestInfo) => kind === 'info-refs' },
  { side: 'source', step: 'ls-refs', isIt: ({ kind, index }: RequestInfo) => kind === 'call' && index === 0 },
  {
    side: 'source',
    step: 'the fetch',
    // After ls-refs and the question whether the source knows the branch that is kept.
    isIt: ({ kind, index }: RequestInfo) => kind === 'call' && index === 2,
  },
  { side: 'target', step: 'info/refs', isIt: ({ kind }: RequestInfo) => kind === 'info-refs' },
  { side: 'target', step: 'the push', isIt: ({ kind }: RequestInfo) => kind === 'call' },
] as const

for (const { side, step, isIt } of steps) {
  t.test(`each status of the ${side} on ${step} is told as what it is`, async (t) => {
    let now: Case | undefined
    const { source, target, client, request } = await stage(
      t,
      at(side, {
        handle: (info: RequestInfo) =>
          now && isIt(info) ? { type: 'respond', status: now.status, headers: now.headers ?? {} } : undefined,
      }),
    )
    await source.commit('main')
    const kept = await target.commit('kept')
    for (now of cases) {
      // The index of a call counts from the start.
      ;({ source, target })[side].proxy?.resetRequests()
      const error = await failureOf(client.sync(request()))
      t.equal(error.code, `${side}_${now.code}` as ProblemCode, `${now.status}`)
      t.equal(error.retryable, now.retryable)
      t.equal(error.retryAfter, now.retryAfter)
      t.strictSame(await target.refs(), { 'refs/heads/kept': kept })
    }
    await target.soundRefs()
  })
}

t.test('a Retry-After that is a date is counted in seconds', async (t) => {
  const { source, client, request } = await stage(t, {
    source: {
      handle: () => {
        const date = new Date(Date.now() + 90_000).toUTCString()
        return { type: 'respond', status: 503, headers: { 'retry-after': date } }
      },
    },
  })
  await source.commit('main')

  const { retryAfter = 0 } = await failureOf(client.plan(request()))

  t.ok(retryAfter > 60 && retryAfter <= 91, `${retryAfter}`)
})

t.test('what a host says in plain text is part of the error, HTML is not', async (t) => {
  let type = 'text/plain'
  const { source, client, request } = await stage(t, {
    target: {
      handle: () => ({
        type: 'respond',
        status: 403,
        headers: { 'content-type': type },
        body: 'Your account\u001b[31m is locked.\n',
      }),
    },
  })
  await source.commit('main')

  const said = (await failureOf(client.plan(request()))).message
  t.match(said, /Your account .*is locked\./)
  t.notOk(said.includes('\u001b'))
  type = 'text/html'
  t.notMatch((await failureOf(client.plan(request()))).message, /locked/)
})

for (const side of ['source', 'target'] as const) {
  t.test(`a ${side} that does not exist is not found`, async (t) => {
    const { source, target, client, request } = await stage(t)
    await source.commit('main')
    const url = { source, target }[side].server.url('nothing-here.git')

    const error = await failureOf(client.sync(request({ [side]: { url } })))

    t.equal(error.code, `${side}_not_found`)
  })

  t.test(`a ${side} behind a closed port is unreachable, and worth another try`, async (t) => {
    const port = await closedPort()
    const { source, client, request } = await stage(t)
    await source.commit('main')

    const error = await failureOf(client.sync(request({ [side]: { url: `http://127.0.0.1:${port}/x.git` } })))

    t.equal(error.code, `${side}_unreachable`)
    t.ok(error.retryable)
    t.ok(error.cause)
  })

  t.test(`a ${side} whose name does not exist is unreachable, and not worth another try`, async (t) => {
    const { source, client, request } = await stage(t)
    await source.commit('main')

    const error = await failureOf(client.sync(request({ [side]: { url: 'http://nowhere.invalid/x.git' } })))

    t.equal(error.code, `${side}_unreachable`)
    t.notOk(error.retryable)
  })

  t.test(`a ${side} that does not speak HTTP breaks the protocol`, async (t) => {
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const { port } = server.address() as { port: number }
    const { source, client, request } = await stage(t)
    await source.commit('main')

    const error = await failureOf(client.sync(request({ [side]: { url: `http://127.0.0.1:${port}/x.git` } })))

    t.equal(error.code, `${side}_protocol_error`)
  })
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
