import { buildApp } from './app.js'
import { Client } from './engine/client.js'
import { readConfig, SettingError } from './service/config.js'

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
  await app.listen({ host: config.host, port: config.port })
}

main().catch((error: unknown) => {
  const message = error instanceof SettingError ? error.message : error
  console.error('git-sync cannot start:', message)
  process.exitCode = 1
})
