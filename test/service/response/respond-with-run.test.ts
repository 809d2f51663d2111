import { once } from 'node:events'
import t from 'tap'
import type { RunEvent } from '../../../schemas/event.js'
import { GitSyncError } from '../../../src/errors.js'
import { plannedEvent } from '../../../testing/cases/sample-events.js'
import { bodyOf } from '../../../testing/cases/sync-body.js'
import {
  DOCUMENT,
  eventsOf,
  fakeClient,
  problemOf,
  STREAM,
  serveApp,
} from '../../../testing/processes/served-app.js'

const discovered: RunEvent = { type: 'discovered', side: 'source', protocol: 'v2', refs: 3 }
const progress: RunEvent = {
  type: 'progress',
  phase: 'relay',
  sourceBytes: 1,
  targetBytes: 1,
  bytesPerSecond: 1,
}
const result = { counts: { applied: 1 }, refs: [{ targetRef: 'refs/heads/main' }] }

t.test('a stream is NDJSON that no proxy keeps back or packs', async (t) => {
  const { post } = await serveApp(t, { client: fakeClient(async () => result) })
  for (const accept of [undefined, '*/*', STREAM]) {
    const response = await post('/sync', bodyOf(), accept)
    t.equal(response.status, 200)
    const header = (name: string) => response.headers.get(name)
    t.equal(header('content-type'), 'application/x-ndjson')
    t.equal(header('x-accel-buffering'), 'no')
    t.equal(header('cache-control'), 'no-store')
    t.equal(header('content-encoding'), null, 'although fetch accepts gzip')
    t.equal((await eventsOf(response)).length, 2)
  }
})

t.test('a document is JSON and nothing else', async (t) => {
  const { post } = await serveApp(t, {
    client: fakeClient(async ({ onEvent }) => {
      onEvent(plannedEvent)
      onEvent(progress)
      return result
    }),
  })
  for (const accept of [DOCUMENT, 'application/*', `${DOCUMENT}, ${STREAM}`]) {
    const response = await post('/sync', bodyOf(), accept)
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), /^application\/json(; charset=utf-8)?$/)
    t.equal(response.headers.get('content-encoding'), null)
    t.strictSame(await response.json(), result)
  }
})

t.test('a document of many refs arrives whole', async (t) => {
  const many = { refs: Array.from({ length: 30_000 }, (_, i) => ({ targetRef: `refs/heads/${i}` })) }
  const { post } = await serveApp(t, { client: fakeClient(async () => many) })
  t.strictSame(await (await post('/sync', bodyOf(), DOCUMENT)).json(), many)
  t.strictSame((await eventsOf(await post('/sync', bodyOf(), STREAM))).at(-1), {
    type: 'result',
    result: many,
  })
})

t.test(
  'a stream begins with its operation, has the events of the run, and ends with the result',
  async (t) => {
    const emitted = [discovered, plannedEvent, progress, { type: 'notice', text: 'a notice' } as const]
    const client = fakeClient(async ({ onEvent }) => {
      for (const event of emitted) onEvent(event)
      return result
    })
    const { post } = await serveApp(t, { client })
    for (const operation of ['probe', 'plan', 'sync', 'replicate']) {
      const [started, ...rest] = await eventsOf(await post(`/${operation}`, bodyOf(), STREAM))
      t.match(started, { type: 'started', operation, requestId: /^[0-9a-f-]{36}$/ })
      if (started?.type === 'started') t.equal(new Date(started.time).toISOString(), started.time)
      t.strictSame(rest, [...emitted, { type: 'result', result }])
    }
  },
)

t.test('events arrive while the run goes on', async (t) => {
  const steps: (() => void)[] = []
  const client = fakeClient(async ({ onEvent }) => {
    onEvent(plannedEvent)
    onEvent(progress)
    await new Promise<void>((resolve) => steps.push(resolve))
    onEvent({ type: 'notice', text: 'second' })
    await new Promise<void>((resolve) => steps.push(resolve))
    return result
  })
  const { post } = await serveApp(t, { client })
  const response = await post('/sync', bodyOf(), STREAM)
  t.equal(response.status, 200)
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const readTo = async (word: string) => {
    while (!text.includes(word)) {
      const { done, value } = (await reader?.read()) ?? { done: true }
      if (done) throw new Error(`the stream ends before ${word}`)
      text += value
    }
  }
  await readTo('"progress"')
  t.notMatch(text, 'second')
  steps[0]?.()
  await readTo('second')
  t.notMatch(text, '"result"')
  steps[1]?.()
  await readTo('"result"')
})

const failure = new GitSyncError('blocked_refs', 'it would overwrite', {
  refs: [{ ref: 'refs/heads/main', reason: 'it diverged' }],
})
const beforePlan: Record<string, RunEvent[]> = {
  'at once': [],
  'after a remote has responded': [discovered, { ...discovered, side: 'target' }],
  'after proofs were asked for': [discovered, { ...progress, phase: 'prove' }, { type: 'notice', text: 'n' }],
  'of the plan itself': [discovered, plannedEvent],
}
for (const [when, emitted] of Object.entries(beforePlan)) {
  t.test(`what goes wrong ${when} has its real status, in both forms`, async (t) => {
    const client = fakeClient(async ({ onEvent }) => {
      for (const event of emitted) onEvent(event)
      throw failure
    })
    const { post } = await serveApp(t, { client })
    for (const accept of [DOCUMENT, STREAM, '*/*']) {
      const response = await post('/sync', bodyOf(), accept)
      t.equal(response.status, 409)
      t.equal(response.headers.get('x-accel-buffering'), null)
      t.match(await problemOf(response), { code: 'blocked_refs', status: 409, refs: failure.refs })
    }
  })
}

t.test('what goes wrong after the plan ends a 200 stream with an error line', async (t) => {
  const client = fakeClient(async ({ onEvent }) => {
    for (const event of [discovered, plannedEvent, progress]) onEvent(event)
    // The status line is out before the run fails.
    await new Promise((resolve) => setImmediate(resolve))
    throw failure
  })
  const { post } = await serveApp(t, { client })
  const response = await post('/sync', bodyOf(), STREAM)
  t.equal(response.status, 200)
  const events = await eventsOf(response)
  t.strictSame(
    events.map(({ type }) => type),
    ['started', 'discovered', 'planned', 'progress', 'error'],
  )
  t.match(events.at(-1), { error: { code: 'blocked_refs', status: 409, refs: failure.refs } })
  t.match(events[0], { requestId: (events.at(-1) as { error: { requestId: string } }).error.requestId })

  const document = await post('/sync', bodyOf(), DOCUMENT)
  t.equal(document.status, 409, 'a document has the real status even then')
  t.match(await problemOf(document), { code: 'blocked_refs' })
})

t.test('an Accept that allows neither is 406 before anything is begun', async (t) => {
  const asked: string[] = []
  const { post } = await serveApp(t, { client: fakeClient(async () => asked.push('a run')) })
  for (const accept of ['text/html', 'application/problem+json', '*/*;q=0']) {
    const response = await post('/sync', bodyOf(), accept)
    t.equal(response.status, 406, accept)
    t.match(await problemOf(response), { code: 'not_acceptable', detail: /application\/x-ndjson/ })
  }
  t.strictSame(asked, [])
})

t.test('a caller that is gone before its run begins does not begin it', async (t) => {
  let begun = 0
  const client = fakeClient(async () => {
    begun++
  })
  const { app, post } = await serveApp(t, {
    client,
    prepare: (app) => {
      app.addHook('preHandler', async (_request, reply) => {
        app.server.closeAllConnections()
        if (!reply.raw.closed) await once(reply.raw, 'close')
      })
    },
  })
  for (const accept of [DOCUMENT, STREAM]) await t.rejects(post('/sync', bodyOf(), accept))
  await app.close()
  t.equal(begun, 0)
})
