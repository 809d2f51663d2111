import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t from 'tap'
import { cli } from '../../testing/processes/command.js'

t.test('serve runs the service, and ends on SIGTERM', async (t) => {
  const env = { PATH: process.env.PATH, GITSYNC_PORT: '0' }
  const child = spawn(process.execPath, [cli, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  let url: string | undefined
  for await (const line of createInterface(child.stdout)) {
    url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
    if (url) break
  }
  child.stdout.resume()
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  t.strictSame(await closed, [0, null])
})
