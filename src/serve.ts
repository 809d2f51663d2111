import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.js'
import { Client } from './engine/client.js'
import { loadEngine } from './engine/load-engine.js'
import type { AuthProvider } from './engine/run/auth.js'
import { parseCallers } from './service/access/callers.js'
import { CredentialsFile, parseCredentials } from './service/access/credentials-file.js'
import { ReloadingFile } from './service/access/reloading-file.js'
import { type Config, readConfig } from './service/config.js'
import { egressDispatchers } from './service/egress/dispatchers.js'
import { EgressPolicy } from './service/egress/policy.js'
import type { StopTracing } from './service/tracing.js'
import { openPacketTrace } from './settings/packet-trace.js'
import { SettingError } from './settings/setting-error.js'
import { SETTINGS } from './settings/settings.js'
import { CLI_VARIABLES, checkVariables } from './settings/variables.js'

/** Milliseconds for callers to read their last lines, and for the last spans to be exported. */
const SHUTDOWN_FLUSH_MS = 5_000

/** Runs the service in this process: settings, listening, signals. @throws SettingError */
export async function serve(env: NodeJS.ProcessEnv, stopTracing: StopTracing): Promise<void> {
  const warnings = checkVariables(env, SETTINGS, [...SETTINGS, ...CLI_VARIABLES])
  const config = readConfig(env)
  const { callers, bodyLimit, maxConcurrent, maxQueued, runTimeout, rateLimit, shutdownGrace } = config
  const { memoryBudget, stallTimeout, tracePacket } = config
  const onReloadFailed = (error: SettingError) =>
    app.log.error(`${error.message}; the previous contents stay in use`)
  const openFile = <T>(setting: string, path: string | undefined, parse: (text: string) => T) =>
    path === undefined ? undefined : ReloadingFile.open({ setting, path, parse, onReloadFailed })
  const credentials = await openFile('GITSYNC_CREDENTIALS_FILE', config.credentialsFile, parseCredentials)
  const tokens = await openFile('GITSYNC_API_TOKENS_FILE', config.apiTokensFile, parseCallers)
  // The first run of a service shall not wait for it.
  await loadEngine()
  const app = await buildApp({
    client: makeClient(config, credentials && new CredentialsFile(credentials)),
    logger: { level: config.logLevel },
    callers: tokens ? () => tokens.read() : callers && (() => callers),
    rateLimit,
    bodyLimit,
    maxConcurrent,
    maxQueued,
    runTimeout,
    grace: shutdownGrace,
    // Twice the stall timeout: a slow remote gets more time than a silent one.
    slowWindow: 2 * stallTimeout,
    memoryBudget,
    ...(tracePacket && { onPacket: openPacketTrace(tracePacket) }),
  })
  for (const warning of warnings) app.log.warn(warning)
  await listen(app, config)
  // A second signal ends the process at once, and so does a shutdown that exceeds this delay.
  const delay = shutdownGrace + 3 * SHUTDOWN_FLUSH_MS
  closeWithGrace({ delay, logger: app.log }, async ({ signal, err }) => {
    if (err) app.log.fatal({ err }, 'shutting down')
    else app.log.info({ signal }, 'shutting down')
    await app.runs.drain(shutdownGrace)
    await close(app)
    const stopped = stopTracing().catch((error: unknown) => app.log.warn({ err: error }, 'traces were lost'))
    // Do not wait for a collector that does not respond.
    await Promise.race([stopped, sleep(SHUTDOWN_FLUSH_MS)])
  })
}

function makeClient(config: Config, auth: AuthProvider | undefined): Client {
  const { stallTimeout, spoolDir, tempRefPrefix, lfs, allowInsecureTls, proxies } = config
  const policy = new EgressPolicy(config.egressPolicy, config.allowedHosts)
  const storagePolicy = new EgressPolicy(
    config.egressPolicy,
    config.lfsHosts ?? config.allowedHosts,
    'GITSYNC_LFS_HOSTS',
  )
  const dispatcher = egressDispatchers({ policy, storagePolicy, allowInsecureTls, proxies })
  return new Client({ dispatcher, stallTimeout, spoolDir, tempRefPrefix, lfs, ...(auth && { auth }) })
}

/** Waits for responses to end, but not for callers that do not read theirs. */
async function close(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), SHUTDOWN_FLUSH_MS)
  await app.close()
  clearTimeout(timer)
}

/** @throws SettingError if the system refuses: the port is in use, or the address is not one of this machine */
async function listen(app: FastifyInstance, { host, port }: Config): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new SettingError(`GITSYNC_HOST ${host}, GITSYNC_PORT ${port}: ${why}`)
  }
}
