import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { VERSION } from '../src/version.js'
import { stage } from '../testing/cases/stage.js'
import { DOCUMENT, eventsOf, STREAM } from '../testing/processes/served-app.js'
import { startProcess, startService } from '../testing/processes/service-process.js'
import { temporaryFolder } from '../testing/temporary-folder.js'

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

t.test('the service starts, logs, responds, and ends on SIGTERM with status 0', async (t) => {
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

t.test('without settings the service goes nowhere inside', async (t) => {
  const { source, request } = await stage(t)
  const { url } = await startService(t)
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/plan`, { method: 'POST', headers, body: JSON.stringify(request()) })
  t.equal(response.status, 403)
  t.match(await response.json(), { code: 'egress_denied', detail: /GITSYNC_EGRESS_POLICY=any/ })
  t.strictSame(source.requests, [])
})

t.test('tokens and credentials from files, read again when they change', async (t) => {
  const auth = { username: 'robot', password: 'S3CRET/1' }
  const { source, target, request } = await stage(t, { source: { auth }, target: { auth } })
  await source.commit('main')
  const folder = await temporaryFolder(t)
  const files = { tokens: join(folder, 'tokens'), credentials: join(folder, 'credentials') }
  const lines = [source, target].map(
    ({ url }) => `http://robot:S3CRET%2F1@${new URL(url).host.replace(':', '%3a')}\n`,
  )
  await writeFile(files.tokens, 'ci:T0KEN-1\n')
  await writeFile(files.credentials, lines.join(''))
  const { url, log } = await startService(t, {
    GITSYNC_API_TOKENS_FILE: files.tokens,
    GITSYNC_CREDENTIALS_FILE: files.credentials,
    GITSYNC_EGRESS_POLICY: 'any',
  })
  const sync = async (token: string) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, accept: DOCUMENT }
    const response = await fetch(`${url}/sync`, { method: 'POST', headers, body: JSON.stringify(request()) })
    return [response.status, ((await response.json()) as { code?: string }).code]
  }
  t.strictSame(await sync('T0KEN-1'), [200, undefined])
  t.strictSame(await target.refs(), await source.refs())

  await writeFile(files.tokens, 'ci:T0KEN-2\n')
  t.strictSame(await sync('T0KEN-1'), [401, 'unauthorized'])
  t.strictSame(await sync('T0KEN-2'), [200, undefined])
  await writeFile(files.credentials, 'http://robot:0ld@elsewhere.example\n')
  t.strictSame(await sync('T0KEN-2'), [502, 'source_unauthorized'])
  await rm(files.tokens)
  t.strictSame(
    await sync('T0KEN-2'),
    [502, 'source_unauthorized'],
    'a file that is gone lets those in that it did',
  )

  t.match(
    log.filter(({ level }) => level >= 50).map(({ msg }) => msg),
    [/^GITSYNC_API_TOKENS_FILE cannot be read: ENOENT.*; the previous contents stay in use$/],
  )
  t.notMatch(JSON.stringify(log), /T0KEN|S3CRET/)
})

t.test('the folder for spooled packs and the prefix of temporary refs reach the run', async (t) => {
  const { source, target, request } = await stage(t)
  const tip = await source.commit('main')
  await source.setRefs({ 'refs/heads/main': tip, 'refs/mine/left': tip, 'refs/other/note': tip })
  const { url } = await startService(t, {
    GITSYNC_EGRESS_POLICY: 'any',
    GITSYNC_TEMP_REF_PREFIX: 'refs/mine',
    GITSYNC_SPOOL_DIR: '/no/such/folder',
  })
  const sync = async (materialize: 'never' | 'always') => {
    const headers = { 'content-type': 'application/json', accept: DOCUMENT }
    const body = JSON.stringify(request({ scope: { allRefs: true }, options: { materialize } }))
    return (await fetch(`${url}/sync`, { method: 'POST', headers, body })).json()
  }
  t.match(await sync('always'), { status: 422, detail: /GITSYNC_SPOOL_DIR/ })
  t.match(await sync('never'), { counts: { applied: 2 } })
  t.strictSame(Object.keys(await target.refs()), ['refs/heads/main', 'refs/other/note'])
})

/** A run that has begun its stream and goes no further, as its target never reads the push. */
async function stuckRun(t: Test, settings: Record<string, string>) {
  const { source, target, request } = await stage(t)
  await source.commit('main')
  const pushed = new Promise<void>((resolve) => {
    target.server.intercept = (request, _response, next) => (request.method === 'POST' ? resolve() : next())
  })
  const service = await startService(t, { ...settings, GITSYNC_EGRESS_POLICY: 'any' })
  const response = await fetch(`${service.url}/sync`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: STREAM },
    body: JSON.stringify(request()),
  })
  await pushed
  return { ...service, source, target, response, exit: once(service.child, 'close') }
}

t.test(
  'a run that does not end within the grace ends with an error line, and the process after it',
  async (t) => {
    const { child, url, response, target, log, exit } = await stuckRun(t, { GITSYNC_SHUTDOWN_GRACE: '300ms' })
    child.kill('SIGTERM')
    while (log.at(-1)?.msg !== 'shutting down') await once(child.stdout, 'data')
    t.equal((await fetch(`${url}/readyz`)).status, 503)
    t.equal((await fetch(`${url}/healthz`)).status, 200)
    t.match((await eventsOf(response)).at(-1), {
      type: 'error',
      error: { code: 'shutting_down', retryable: true },
    })
    t.strictSame(await exit, [0, null])
    t.match(log.at(-1), { msg: 'run ended', outcome: 'shutting_down', transferMode: 'bootstrap' })
    t.strictSame(await target.soundRefs(), {})
  },
)

t.test('a second signal ends the process at once', async (t) => {
  const { child, response, log, exit } = await stuckRun(t, {})
  child.kill('SIGTERM')
  while (log.at(-1)?.msg !== 'shutting down') await once(child.stdout, 'data')
  child.kill('SIGINT')
  t.strictSame(await exit, [1, null])
  await t.rejects(response.text(), 'the stream is truncated')
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
  const response = await fetch(`${url}/sync`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: STREAM },
    body: JSON.stringify({ ...request(), auth: { source: { token: 'S3cret-token' } } }),
  })
  t.match((await eventsOf(response)).at(-1), { type: 'result' })
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
    { GITSYNC_HOST: '192.0.2.1', GITSYNC_PORT: '0', GITSYNC_ALLOW_ANONYMOUS: 'true' },
    /GITSYNC_HOST 192\.0\.2\.1.*EADDRNOTAVAIL/,
  ],
  'a file that is not there': [
    { GITSYNC_CREDENTIALS_FILE: '/no/such/file' },
    /GITSYNC_CREDENTIALS_FILE cannot be read: ENOENT/,
  ],
  'a file without tokens': [
    { GITSYNC_API_TOKENS_FILE: '/dev/null' },
    /GITSYNC_API_TOKENS_FILE contains no token/,
  ],
  'a door left open': [{ GITSYNC_HOST: '0.0.0.0' }, /GITSYNC_ALLOW_ANONYMOUS=true/],
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
