import t, { type Test } from 'tap'
import { bodyOf } from '../../testing/cases/sync-body.js'
import { startFakeRemote } from '../../testing/packets/wire.js'
import { DOCUMENT, eventsOf, problemOf, STREAM, serveApp } from '../../testing/processes/served-app.js'

/** Two remotes that accept requests and do not respond until asked to. */
async function silentRemotes(t: Test) {
  const answers: (() => void)[] = []
  let came = () => {}
  const bothAsked = new Promise<void>((resolve) => {
    came = resolve
  })
  const remote = await startFakeRemote((_request, response) => {
    answers.push(() => response.writeHead(503, { 'retry-after': '7' }).end())
    if (answers.length === 2) came()
  })
  t.teardown(() => remote.close())
  const body = bodyOf({ source: { url: remote.url('source') }, target: { url: remote.url('target') } })
  const fail = () => {
    for (const answer of answers) answer()
  }
  return { body, bothAsked, fail }
}

/** Timers of some seconds wait for `pass`; shorter and longer ones, as undici has them, are real. */
function fakeTimers(t: Test) {
  const { setTimeout, clearTimeout } = globalThis
  const waiting = new Map<object, { action: () => void; left: number }>()
  globalThis.setTimeout = ((action: () => void, delay: number) => {
    if (!(delay >= 1_000 && delay <= 60_000)) return setTimeout(action, delay)
    const handle = { ref: () => handle, unref: () => handle, refresh: () => handle }
    waiting.set(handle, { action, left: delay })
    return handle
  }) as typeof setTimeout
  globalThis.clearTimeout = ((handle: NodeJS.Timeout) => {
    if (!waiting.delete(handle)) clearTimeout(handle)
  }) as typeof clearTimeout
  t.teardown(() => Object.assign(globalThis, { setTimeout, clearTimeout }))
  const pass = (milliseconds: number) => {
    for (const [handle, timer] of waiting) {
      timer.left -= milliseconds
      if (timer.left > 0) continue
      waiting.delete(handle)
      timer.action()
    }
  }
  return { pass }
}

/** Whether a response has arrived, after enough turns of the loop for one that is on its way. */
async function hasCome(answer: Promise<Response>, url: string): Promise<boolean> {
  let come = false
  void answer.then(() => {
    come = true
  })
  for (let i = 0; i < 3; i++) await (await fetch(`${url}/healthz`)).text()
  return come
}

for (const path of ['/probe', '/plan', '/sync', '/replicate']) {
  t.test(`${path} holds the status line back for 5 seconds and no longer`, async (t) => {
    const { body, bothAsked, fail } = await silentRemotes(t)
    const { url, post } = await serveApp(t)
    const clock = fakeTimers(t)
    const { source, target } = body
    const answer = post(path, path === '/probe' ? { source, target } : body, STREAM)
    await bothAsked
    clock.pass(4_999)
    t.equal(await hasCome(answer, url), false, 'nothing after 4,999 ms')
    clock.pass(1)
    const response = await answer
    t.equal(response.status, 200, 'the stream after 5,000 ms')

    fail()
    const events = await eventsOf(response)
    t.equal(events.length, 2, 'then all that goes wrong is the last line')
    t.match(events, [
      { type: 'started' },
      { type: 'error', error: { code: /^(source|target)_unavailable$/, status: 502, retryAfter: 7 } },
    ])
  })
}

t.test('a failure within the 5 seconds has its real status', async (t) => {
  const { body, bothAsked, fail } = await silentRemotes(t)
  const { post } = await serveApp(t)
  const clock = fakeTimers(t)
  const answer = post('/sync', body, STREAM)
  await bothAsked
  clock.pass(4_999)
  fail()
  const response = await answer
  t.equal(response.status, 502)
  t.equal(response.headers.get('retry-after'), '7')
  t.match(await problemOf(response), { code: /_unavailable$/, retryable: true, retryAfter: 7 })
})

t.test('a document has its real status however late it comes', async (t) => {
  const { body, bothAsked, fail } = await silentRemotes(t)
  const { url, post } = await serveApp(t)
  const clock = fakeTimers(t)
  const answer = post('/sync', body, DOCUMENT)
  await bothAsked
  clock.pass(100_000)
  t.equal(await hasCome(answer, url), false)
  fail()
  t.equal((await answer).status, 502)
  t.match(await problemOf(await answer), { code: /_unavailable$/ })
})
