import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.js'
import { Client } from './engine/client.js'
import { type Config, readConfig, SettingError } from './service/config.js'
import type { StopTracing } from './service/tracing.js'

/** Milliseconds for callers to take in their last lines, and for the last spans to go out. */
const LAST_WORDS = 5_000

/** The service in this process: settings, listening, signals. @throws SettingError */
export async function serve(env: NodeJS.ProcessEnv, stopTracing: StopTracing): Promise<void> {
  const config = readConfig(env)
  const client = new Client({ stallTimeout: config.stallTimeout })
  const { bodyLimit, maxConcurrent, maxQueued, runTimeout, shutdownGrace } = config
  const logger = { level: config.logLevel }
  const app = await buildApp({ client, logger, bodyLimit, maxConcurrent, maxQueued, runTimeout })
  await listen(app, config)
  // A second signal ends the process at once, and so does a closing that does not end.
  const delay = shutdownGrace + 3 * LAST_WORDS
  closeWithGrace({ delay, logger: app.log }, async ({ signal, err }) => {
    if (err) app.log.fatal({ err }, 'shutting down')
    else app.log.info({ signal }, 'shutting down')
    await app.runs.drain(shutdownGrace)
    await close(app)
    const stopped = stopTracing().catch((error: unknown) => app.log.warn({ err: error }, 'traces were lost'))
    // A collector that does not answer is not waited for.
    await Promise.race([stopped, sleep(LAST_WORDS)])
  })
}

/** Lets answers end, but not wait for a caller who does not read. */
async function close(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), LAST_WORDS)
  await app.close()
  clearTimeout(timer)
}

/** @throws SettingError where the system will not have it: a port in use, an address that is not ours */
async function listen(app: FastifyInstance, { host, port }: Config): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new SettingError(`GITSYNC_HOST ${host}, GITSYNC_PORT ${port}: ${why}`)
  }
}
