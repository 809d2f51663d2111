import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { listen } from '../../src/local-git/loopback.js'
import { stage } from '../../testing/cases/stage.js'
import { selfSignedCertificate } from '../../testing/processes/certificate.js'
import { gitSync } from '../../testing/processes/command.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

/** An HTTP proxy that tunnels, and notes to where. */
async function startProxy(t: Test) {
  const tunnels: string[] = []
  const server = createServer((asked, response) => {
    tunnels.push(asked.url ?? '')
    const onward = request(asked.url ?? '', { method: asked.method, headers: asked.headers }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers))
    })
    asked.pipe(onward)
  })
  server.on('connect', ({ url = '' }, client, head) => {
    tunnels.push(url)
    const [host = '', port = ''] = url.split(':')
    const onward = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.write(head)
      onward.pipe(client).pipe(onward)
    })
    for (const socket of [client, onward]) socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return { tunnels, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
}

t.test(
  'HTTP_PROXY and HTTPS_PROXY are gone by, NO_PROXY aside; skipping TLS checks goes with it',
  async (t) => {
    const tls = await selfSignedCertificate()
    const { source, target } = await stage(t, { target: { tls } })
    await source.addCommits('main', 5)
    const proxy = await startProxy(t)
    const env = { http_proxy: proxy.url, HTTPS_PROXY: proxy.url }
    const args = ['sync', source.url, target.url]

    const refused = await gitSync(args, { env })
    t.match(refused.stderr, '--target-insecure-skip-tls-verify')
    const { status, stderr } = await gitSync([...args, '--target-insecure-skip-tls-verify'], { env })
    t.equal(status, 0, stderr)
    t.strictSame(await target.soundRefs(), await source.refs())
    for (const { url } of [source, target]) t.ok(proxy.tunnels.some((to) => to.includes(new URL(url).host)))

    proxy.tunnels.length = 0
    await gitSync(['probe', source.url], { env: { ...env, NO_PROXY: '127.0.0.1' } })
    t.strictSame(proxy.tunnels, [])
  },
)

t.test('GITSYNC_SPOOL_DIR is where packs are spooled', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const args = ['sync', source.url, target.url, '--materialize', 'always']
  const folder = await temporaryFolder(t)
  const absent = await gitSync(args, { env: { GITSYNC_SPOOL_DIR: join(folder, 'absent') } })
  t.not(absent.status, 0)
  t.match(absent.stderr, 'GITSYNC_SPOOL_DIR')
  const { status, stdout } = await gitSync(args, { env: { GITSYNC_SPOOL_DIR: folder } })
  t.equal(status, 0)
  t.match(stdout, '(materialized)')
})

t.test('a redirect to another origin is followed when that is allowed', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const { origin, close } = await listen((asked, response) => {
    response.writeHead(302, { location: new URL(asked.url ?? '/', source.url).href }).end()
  })
  t.teardown(close)
  const moved = `${origin}/repository.git`

  const refused = await gitSync(['sync', moved, target.url])
  t.match(refused.stderr, /--source-follow-info-refs-redirect.*\(redirect_refused\)/)
  const { status } = await gitSync(['sync', moved, target.url, '--source-follow-info-refs-redirect'])
  t.equal(status, 0)
  t.strictSame(await target.refs(), await source.refs())
})
