import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.js'
import { Client } from './engine/client.js'
import { type Config, readConfig, SettingError } from './service/config.js'

/** The service as a process: settings, listening, signals. */
async function main(): Promise<void> {
  const config = readConfig(process.env)
  const client = new Client({ stallTimeout: config.stallTimeout })
  const app = await buildApp({ client, logger: { level: config.logLevel }, bodyLimit: config.bodyLimit })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      app.log.info({ signal }, 'shutting down')
      void app.close()
    })
  }
  await listen(app, config)
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

main().catch((error: unknown) => {
  const message = error instanceof SettingError ? error.message : error
  console.error('git-sync cannot start:', message)
  process.exitCode = 1
})
