import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { VERSION } from '../src/version.js'
import { projectFile } from './support/project.js'
import { eventsOf, STREAM } from './support/served-app.js'
import { stage } from './support/stage.js'

const main = projectFile('dist/src/main.js')

type Service = ChildProcessByStdio<null, Readable, Readable>

/** The service as a process with no settings but these. */
function startProcess(t: Test, settings: Record<string, string>): Service {
  const env = { PATH: process.env.PATH, ...settings }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

interface LogLine {
  level: number
  msg: string
  [key: string]: unknown
}

/** Waits until the service says where it listens. */
async function startService(t: Test, settings: Record<string, string> = {}) {
  const child = startProcess(t, { GITSYNC_PORT: '0', ...settings })
  const log: LogLine[] = []
  const url = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      log.push(JSON.parse(line) as LogLine)
      const found = /http:\/\/\S+/.exec(log.at(-1)?.msg ?? '')
      if (found) resolve(found[0])
    })
    const complaint = text(child.stderr)
    child.once('exit', () => complaint.then((words) => reject(new Error(`the service ended: ${words}`))))
  })
  return { child, log, url: await url }
}

/** How a process that cannot start ends. */
async function failedStart(t: Test, settings: Record<string, string>) {
  const child = startProcess(t, settings)
  const [output, complaint, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { output, complaint, code }
}

t.test('the service starts, logs, answers, and ends on SIGTERM with status 0', async (t) => {
  const { child, log, url } = await startService(t)
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+$/, 'it listens on the loopback interface alone')
  const response = await fetch(`${url}/healthz`)
  t.equal(response.status, 200)
  t.strictSame(await response.json(), { status: 'ok' })
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as { info: { version: string } }
  t.equal(document.info.version, VERSION)

  const exit = once(child, 'close')
  child.kill('SIGTERM')
  t.strictSame(await exit, [0, null])
  t.match(log.at(-1), { level: 30, msg: 'shutting down', signal: 'SIGTERM' })
})

t.test('a sync through the real process, with settings of its own, which SIGINT ends', async (t) => {
  const { source, target, request } = await stage(t)
  await source.commit('main')
  const settings = { GITSYNC_HOST: 'localhost', GITSYNC_BODY_LIMIT: '1KiB', GITSYNC_EGRESS_POLICY: 'any' }
  const { child, log, url } = await startService(t, settings)
  const post = (body: string) => {
    const headers = { 'content-type': 'application/json', accept: STREAM }
    return fetch(`${url}/sync`, { method: 'POST', headers, body })
  }
  const body = JSON.stringify(request())

  t.equal((await post(body.padEnd(1025))).status, 413)
  t.match((await eventsOf(await post(body.padEnd(1024)))).at(-1), {
    type: 'result',
    result: { counts: { applied: 1 } },
  })
  t.strictSame(await target.refs(), await source.refs())

  const exit = once(child, 'close')
  child.kill('SIGINT')
  t.strictSame(await exit, [0, null])
  t.match(log.at(-1), { msg: 'shutting down', signal: 'SIGINT' })
})

/** A run that has begun its stream and goes no further, as its target never takes what is pushed. */
async function stuckRun(t: Test, settings: Record<string, string>) {
  const { source, target, request } = await stage(t)
  await source.commit('main')
  const pushed = new Promise<void>((resolve) => {
    target.server.intercept = (request, _response, next) => (request.method === 'POST' ? resolve() : next())
  })
  const service = await startService(t, { ...settings, GITSYNC_EGRESS_POLICY: 'any' })
  const answer = await fetch(`${service.url}/sync`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: STREAM },
    body: JSON.stringify(request()),
  })
  await pushed
  return { ...service, source, target, answer, exit: once(service.child, 'close') }
}

t.test(
  'a run that does not end within the grace ends with an error line, and the process after it',
  async (t) => {
    const { child, url, answer, target, log, exit } = await stuckRun(t, { GITSYNC_SHUTDOWN_GRACE: '300ms' })
    child.kill('SIGTERM')
    while (log.at(-1)?.msg !== 'shutting down') await once(child.stdout, 'data')
    t.equal((await fetch(`${url}/readyz`)).status, 503)
    t.equal((await fetch(`${url}/healthz`)).status, 200)
    t.match((await eventsOf(answer)).at(-1), {
      type: 'error',
      error: { code: 'shutting_down', retryable: true },
    })
    t.strictSame(await exit, [0, null])
    t.match(log.at(-1), { msg: 'run ended', outcome: 'shutting_down', transferMode: 'bootstrap' })
    t.strictSame(await target.soundRefs(), {})
  },
)

t.test('a second signal ends the process at once', async (t) => {
  const { child, answer, log, exit } = await stuckRun(t, {})
  child.kill('SIGTERM')
  while (log.at(-1)?.msg !== 'shutting down') await once(child.stdout, 'data')
  child.kill('SIGINT')
  t.strictSame(await exit, [1, null])
  await t.rejects(answer.text(), 'the stream was cut')
})

t.test('spans are exported as the standard variables say, the last of them at the end', async (t) => {
  const sent: { path: string | undefined; body: string }[] = []
  const collector = createHttpServer(async (request, response) => {
    sent.push({ path: request.url, body: await text(request) })
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  t.teardown(() => collector.close())
  const { source, request } = await stage(t)
  await source.commit('main')
  const { child, url } = await startService(t, {
    GITSYNC_EGRESS_POLICY: 'any',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  })
  const answer = await fetch(`${url}/sync`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: STREAM },
    body: JSON.stringify({ ...request(), auth: { source: { token: 'S3cret-token' } } }),
  })
  t.match((await eventsOf(answer)).at(-1), { type: 'result' })
  const exit = once(child, 'close')
  child.kill('SIGTERM')
  t.strictSame(await exit, [0, null])
  const all = sent.map(({ body }) => body).join('\n')
  t.ok(sent.length > 0 && sent.every(({ path }) => path === '/v1/traces'), 'traces and nothing else')
  for (const name of [
    'POST',
    'request handler',
    '"sync"',
    '"discover source"',
    '"fetch"',
    '"push"',
    '"git-sync"',
  ])
    t.match(all, name)
  t.notMatch(all, 'S3cret')
})

const badSettings: Record<string, [settings: Record<string, string>, why: RegExp]> = {
  'a setting': [{ GITSYNC_PORT: 'eighty' }, /GITSYNC_PORT must be integer/],
  'an address': [
    { GITSYNC_HOST: '192.0.2.1', GITSYNC_PORT: '0' },
    /GITSYNC_HOST 192\.0\.2\.1.*EADDRNOTAVAIL/,
  ],
}
for (const [what, [settings, why]] of Object.entries(badSettings)) {
  t.test(
    `${what} that cannot be used ends the start with one line that says which setting and why`,
    async (t) => {
      const { output, complaint, code } = await failedStart(t, settings)
      t.equal(code, 1)
      t.match(complaint, /^git-sync cannot start: .*\n$/)
      t.match(complaint, why)
      t.equal(output, '')
    },
  )
}

t.test('a port in use ends the start in the same way', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const { complaint, code } = await failedStart(t, { GITSYNC_PORT: String(port) })
  t.equal(code, 1)
  t.match(complaint, new RegExp(`^git-sync cannot start: .*GITSYNC_PORT ${port}: .*EADDRINUSE.*\\n$`))
})
