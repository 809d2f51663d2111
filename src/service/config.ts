import type { ProxySettings } from '../git/connections/dial-by-proxy.js'
import { readProxies } from '../settings/proxies.js'
import { readSize, readTime, readVariables } from '../settings/read-variables.js'
import { type RunSettings, toRunSettings } from '../settings/run-settings.js'
import { SettingError } from '../settings/setting-error.js'
import { type EgressMode, Settings } from '../settings/settings.js'
import { type Caller, parseCallers } from './access/callers.js'
import { AllowedHosts } from './egress/allowed-hosts.js'
import { DEFAULT_MEMORY_BUDGET } from './runs/memory-budget.js'

/** The parsed settings of the service. Times are milliseconds, sizes bytes. */
export interface Config extends RunSettings {
  host: string
  port: number
  logLevel: string
  /** From GITSYNC_API_TOKENS. */
  callers: Caller[] | undefined
  apiTokensFile: string | undefined
  rateLimit: number | undefined
  egressPolicy: EgressMode
  allowedHosts: AllowedHosts | undefined
  credentialsFile: string | undefined
  allowInsecureTls: boolean
  proxies: ProxySettings | undefined
  bodyLimit: number
  maxConcurrent: number
  maxQueued: number
  memoryBudget: number
  shutdownGrace: number
  /** The hosts that LFS servers may name for their objects, where they are not those of `allowedHosts` alone. */
  lfsHosts: AllowedHosts | undefined
}

/** @throws SettingError */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const settings = readVariables(Settings, env)
  checkCallers(settings)
  const memory = settings.GITSYNC_MEMORY_BUDGET
  return {
    host: settings.GITSYNC_HOST,
    port: settings.GITSYNC_PORT,
    logLevel: settings.GITSYNC_LOG_LEVEL,
    callers: parsedSetting(settings, 'GITSYNC_API_TOKENS', parseCallers),
    apiTokensFile: settings.GITSYNC_API_TOKENS_FILE,
    rateLimit: settings.GITSYNC_RATE_LIMIT,
    egressPolicy: settings.GITSYNC_EGRESS_POLICY,
    allowedHosts: parsedSetting(settings, 'GITSYNC_ALLOWED_HOSTS', (text) => new AllowedHosts(text)),
    credentialsFile: settings.GITSYNC_CREDENTIALS_FILE,
    allowInsecureTls: settings.GITSYNC_ALLOW_INSECURE_TLS,
    proxies: readProxies(env),
    bodyLimit: readSize('GITSYNC_BODY_LIMIT', settings.GITSYNC_BODY_LIMIT),
    maxConcurrent: settings.GITSYNC_MAX_CONCURRENT,
    maxQueued: settings.GITSYNC_MAX_QUEUED,
    memoryBudget: memory === undefined ? DEFAULT_MEMORY_BUDGET : readSize('GITSYNC_MEMORY_BUDGET', memory),
    shutdownGrace: readTime('GITSYNC_SHUTDOWN_GRACE', settings.GITSYNC_SHUTDOWN_GRACE),
    lfsHosts: parsedSetting(settings, 'GITSYNC_LFS_HOSTS', (text) => {
      // What may be reached at all may be named too.
      const listed = new AllowedHosts(text)
      const { GITSYNC_ALLOWED_HOSTS: allowed } = settings
      return allowed === undefined ? listed : new AllowedHosts(`${text},${allowed}`)
    }),
    ...toRunSettings(settings),
  }
}

/**
 * A service that listens beyond loopback must require tokens or opt out explicitly, and must not lend stored
 * credentials to anonymous callers.
 */
function checkCallers(settings: Settings): void {
  const { GITSYNC_HOST: host, GITSYNC_ALLOW_ANONYMOUS: isAnonymous } = settings
  const { GITSYNC_API_TOKENS: tokens, GITSYNC_API_TOKENS_FILE: file } = settings
  if (tokens !== undefined && file !== undefined) {
    throw new SettingError('GITSYNC_API_TOKENS and GITSYNC_API_TOKENS_FILE are both set: set one of them')
  }
  if (isAnonymous && settings.GITSYNC_CREDENTIALS_FILE !== undefined) {
    const why = 'any caller could use the stored credentials'
    throw new SettingError(`GITSYNC_ALLOW_ANONYMOUS cannot be combined with GITSYNC_CREDENTIALS_FILE: ${why}`)
  }
  const hasTokens = tokens !== undefined || file !== undefined
  if (!hasTokens && !isAnonymous && !/^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(host)) {
    const hint = 'set GITSYNC_API_TOKENS, GITSYNC_API_TOKENS_FILE, or GITSYNC_ALLOW_ANONYMOUS=true'
    throw new SettingError(`GITSYNC_HOST ${host} is reachable by others, and no token is required: ${hint}`)
  }
}

function parsedSetting<T>(
  settings: Settings,
  name: keyof Settings,
  parse: (text: string) => T,
): T | undefined {
  const text = settings[name]
  if (text === undefined) return undefined
  try {
    return parse(String(text))
  } catch (error) {
    throw new SettingError(`${name} ${(error as Error).message}`)
  }
}
