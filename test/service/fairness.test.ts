import t, { type Test } from 'tap'
import { Client } from '../../src/index.js'
import { parseCallers } from '../../src/service/access/callers.js'
import { Admission } from '../../src/service/runs/admission.js'
import { bodyOf } from '../../testing/cases/sync-body.js'
import { FLUSH, pkt, startFakeRemote } from '../../testing/packets/wire.js'
import { heldRuns } from '../../testing/processes/pending-runs.js'
import { captureLog, fakeClient, problemOf, STREAM, serveApp } from '../../testing/processes/served-app.js'

const settled = () => new Promise((resolve) => setImmediate(resolve))
const callers = () => parseCallers('ann:ANN,bob:BOB')

/** An admission, and who is inside. */
function door(maxConcurrent: number) {
  const admission = new Admission({ maxConcurrent, maxQueued: 64 })
  const inside: string[] = []
  const leaving: Record<string, () => void> = {}
  const come = (name: string, target?: string) => {
    const request = { signal: new AbortController().signal, onQueued: () => {} }
    void admission.enter({ caller: name.split('-')[0] ?? '', target, ...request }).then((leave) => {
      inside.push(name)
      leaving[name] = leave
    })
    return settled()
  }
  const leave = (name: string) => {
    leaving[name]?.()
    return settled()
  }
  return { admission, inside, come, leave }
}

t.test('a caller that has every slot does not keep another one waiting', async (t) => {
  const { admission, inside, come, leave } = door(3)
  for (const name of ['ann-1', 'ann-2', 'ann-3', 'ann-4', 'bob-1', 'cid-1', 'bob-2']) await come(name)
  t.strictSame(inside, ['ann-1', 'ann-2', 'ann-3', 'bob-1'], 'one more, for one that has none')
  await leave('bob-1')
  t.equal(inside.at(-1), 'cid-1', 'and then for the next')
  await leave('ann-1')
  t.equal(inside.length, 5, 'as many as before the one more')
  await leave('ann-2')
  t.equal(admission.load().running, 3)
  t.equal(inside.at(-1), 'ann-4')
})

t.test('a single slot stays a single slot', async (t) => {
  const { inside, come } = door(1)
  for (const name of ['ann-1', 'bob-1']) await come(name)
  t.strictSame(inside, ['ann-1'])
})

t.test('a run is waited for by those that need a slot or its target', async (t) => {
  const { admission, come, leave } = door(2)
  await come('ann-1', 'x')
  await come('bob-1', 'y')
  t.equal(admission.isWaitedFor('x'), false)
  await come('ann-2', 'x')
  t.strictSame([admission.isWaitedFor('x'), admission.isWaitedFor('y')], [true, false])
  await come('cid-1')
  t.equal(admission.isWaitedFor('y'), true)
  await leave('bob-1')
  t.equal(admission.isWaitedFor(undefined), false)
})

t.test('the same over HTTP, by token', async (t) => {
  const { client, running, begun } = heldRuns()
  const { url } = await serveApp(t, { client, callers, maxConcurrent: 3 })
  const post = (name: string, token: string) =>
    fetch(`${url}/sync`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(
        bodyOf({
          source: { url: `http://127.0.0.1:1/${name}` },
          target: { url: `http://127.0.0.1:1/to-${name}` },
        }),
      ),
    })
  const answers = ['a', 'b', 'c', 'd', 'e'].map((name) => post(name, 'ANN'))
  await begun(3)
  answers.push(post('other', 'BOB'))
  await begun(4)
  t.equal(running[3]?.name, 'other')
  running[3]?.end()
  t.equal((await answers[5])?.status, 200)
  for (let at = 0; at < 6; at++) (await begun(at + 1))[at]?.end()
  for (const answer of answers) t.equal((await answer).status, 200)
})

/** A source that lists a byte now and then, for as long as it is asked to. */
async function drippingSource(t: Test) {
  const head = Buffer.concat([pkt('# service=git-upload-pack\n'), FLUSH])
  const line = pkt(`${'1'.repeat(40)} refs/heads/main\0agent=evil/1\n`)
  const { url, close, requests } = await startFakeRemote((_request, response) => {
    response.setHeader('content-type', 'application/x-git-upload-pack-advertisement')
    response.write(head)
    let at = 0
    const timer = setInterval(() => response.write(line.subarray(at % 60, (at++ % 60) + 1)), 20)
    response.once('close', () => clearInterval(timer))
  })
  t.teardown(close)
  return { url, requests }
}

t.test('a source that drips loses its run while another waits, and no sooner', async (t) => {
  const { url: source, requests } = await drippingSource(t)
  const { post } = await serveApp(t, { client: new Client(), maxConcurrent: 2, slowWindow: 300 })
  const probe = (name: string) => post('/probe', { source: { url: source(name) } }, STREAM)
  const runs = [probe('a'), probe('b')]
  while (requests.length < 2) await settled()
  const ended = Promise.race(runs).then(() => 'ended')
  const patience = new Promise((resolve) => setTimeout(() => resolve('goes on'), 700))
  t.equal(await Promise.race([ended, patience]), 'goes on', 'nobody waits')
  runs.push(probe('c'))
  const problem = await problemOf(await Promise.race(runs))
  t.match(problem, { code: 'source_timeout', status: 504, retryable: true })
  t.match(problem.detail, /source was too slow for 300 ms.*other runs wait/)
  while (requests.length < 3) await settled()
  t.match(requests[2]?.path, /^\/c\//, 'the one that waited has its turn')
})

for (const reason of ['its deadline', 'a disconnect', 'the end of the service']) {
  t.test(`a run that does not end after ${reason} loses its slot, and the log says so`, async (t) => {
    const { lines, logger } = captureLog()
    let begun = () => {}
    const began = new Promise<void>((resolve) => {
      begun = resolve
    })
    const client = fakeClient(() => {
      begun()
      return new Promise(() => {})
    })
    const runTimeout = reason === 'its deadline' ? 50 : 60_000
    const { app, post, url } = await serveApp(t, { client, logger, runTimeout, grace: 50, maxConcurrent: 1 })
    const caller = new AbortController()
    const headers = { 'content-type': 'application/json', accept: STREAM }
    const body = JSON.stringify(bodyOf())
    const run = fetch(`${url}/sync`, { method: 'POST', headers, body, signal: caller.signal })
    run.catch(() => {})
    await began
    if (reason === 'a disconnect') caller.abort()
    const drained = reason === 'the end of the service' ? app.runs.drain(50) : undefined
    if (reason === 'its deadline') {
      t.match(await problemOf(await run), { code: 'deadline_exceeded' })
      // Its target is free too.
      t.match(await problemOf(await post('/sync', bodyOf())), { code: 'deadline_exceeded' })
    }
    await drained
    const active = async () =>
      (await (await fetch(`${url}/metrics`)).text()).match(/^gitsync_runs_active (\d)/m)
    while ((await active())?.[1] !== '0');
    const errors = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 50)
    t.match(errors[0], { operation: 'sync', caller: '127.0.0.1', msg: /did not end.*slot is released/ })
  })
}
