import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.js'
import type { AuthProvider } from './engine/auth.js'
import { Client } from './engine/client.js'
import { parseCallers } from './service/callers.js'
import { type Config, readConfig } from './service/config.js'
import { CredentialsFile, parseCredentials } from './service/credentials-file.js'
import { egressDispatchers } from './service/egress/dispatchers.js'
import { EgressPolicy } from './service/egress/policy.js'
import { FreshFile } from './service/fresh-file.js'
import { SettingError } from './service/setting-error.js'

/** The service as a process: settings, listening, signals. */
async function main(): Promise<void> {
  const config = readConfig(process.env)
  const { callers } = config
  const onStale = (error: SettingError) => app.log.error(`${error.message}; what it said before stands`)
  const openFile = <T>(setting: string, path: string | undefined, parse: (text: string) => T) =>
    path === undefined ? undefined : FreshFile.open({ setting, path, parse, onStale })
  const credentials = await openFile('GITSYNC_CREDENTIALS_FILE', config.credentialsFile, parseCredentials)
  const tokens = await openFile('GITSYNC_API_TOKENS_FILE', config.apiTokensFile, parseCallers)
  const app = await buildApp({
    client: makeClient(config, credentials && new CredentialsFile(credentials)),
    logger: { level: config.logLevel },
    bodyLimit: config.bodyLimit,
    callers: tokens ? () => tokens.read() : callers && (() => callers),
    rateLimit: config.rateLimit,
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      app.log.info({ signal }, 'shutting down')
      void app.close()
    })
  }
  await listen(app, config)
}

function makeClient(config: Config, auth: AuthProvider | undefined): Client {
  const { stallTimeout, spoolDir, tempRefPrefix, allowInsecureTls, proxies } = config
  const policy = new EgressPolicy(config.egressPolicy, config.allowedHosts)
  const dispatcher = egressDispatchers({ policy, allowInsecureTls, proxies })
  return new Client({ dispatcher, stallTimeout, spoolDir, tempRefPrefix, ...(auth && { auth }) })
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
