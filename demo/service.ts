import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Cleanup } from '../testing/cleanup.js'

/** Starts the real service as a separate process, and waits until it responds. */
export async function startService(cleanup: Cleanup): Promise<{ url: string }> {
  const port = await freePort()
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url))
  const child = spawn(process.execPath, [main], { env: environment(port), stdio: ['ignore', 'pipe', 'pipe'] })
  cleanup.add(() => stop(child))
  process.once('exit', () => child.kill('SIGKILL'))
  const log = collectLog(child)
  const url = `http://127.0.0.1:${port}`
  if (await responds(`${url}/healthz`, child)) return { url }
  throw new Error(`the service does not respond at ${url}. Its log:\n${log() || '(nothing)'}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Excludes the settings and the HTTP proxy of the user who runs the demo. */
function environment(port: number): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GITSYNC_'))
  return {
    ...Object.fromEntries(own),
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
    GITSYNC_HOST: '127.0.0.1',
    GITSYNC_PORT: String(port),
    // Both git servers listen on loopback, which the default policy forbids.
    GITSYNC_EGRESS_POLICY: 'any',
    GITSYNC_LOG_LEVEL: 'warn',
    GITSYNC_SHUTDOWN_GRACE: '1s',
  }
}

async function responds(url: string, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline && isRunning(child)) {
    const response = await fetch(url).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.status === 200) return true
    await sleep(50)
  }
  return false
}

async function stop(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const patience = setTimeout(() => child.kill('SIGKILL'), 5000)
  await exit
  clearTimeout(patience)
}

function isRunning(child: ChildProcess) {
  return child.exitCode === null && child.signalCode === null
}

/** The end of the service's log, to be shown if it does not start. */
function collectLog(child: ChildProcess): () => string {
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log = (log + chunk).slice(-4000)
    })
  }
  return () => log.trim()
}
