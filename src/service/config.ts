import { tmpdir } from 'node:os'
import bytes from 'bytes-iec'
import { envSchema } from 'env-schema'
import ms from 'ms'
import Type from 'typebox'
import { StringEnum } from '../../schemas/atoms.js'
import { isWellFormedRefName } from '../git/refs/ref-name.js'
import { SettingError } from '../settings/setting-error.js'
import { type Caller, parseCallers } from './access/callers.js'
import { AllowedHosts } from './egress/allowed-hosts.js'
import { EGRESS_MODES, type EgressMode } from './egress/policy.js'
import { type ProxySettings, readProxies } from './egress/proxies.js'
import { DEFAULT_MEMORY_BUDGET } from './runs/memory-budget.js'

/** The service's settings, read and understood. Times are milliseconds, sizes bytes. */
export interface Config {
  host: string
  port: number
  logLevel: string
  /** The callers that GITSYNC_API_TOKENS lists. */
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
  runTimeout: number
  stallTimeout: number
  shutdownGrace: number
  spoolDir: string
  tempRefPrefix: string
  lfs: 'off' | 'new' | 'all'
  /** The hosts that LFS servers may name for their objects, where they are not those of `allowedHosts` alone. */
  lfsHosts: AllowedHosts | undefined
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const Settings = Type.Object({
  GITSYNC_HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  GITSYNC_PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65_535 }),
  GITSYNC_LOG_LEVEL: StringEnum(LEVELS, { default: 'info' }),
  GITSYNC_API_TOKENS: Type.Optional(Type.String()),
  GITSYNC_API_TOKENS_FILE: Type.Optional(Type.String()),
  GITSYNC_ALLOW_ANONYMOUS: Type.Boolean({ default: false }),
  GITSYNC_RATE_LIMIT: Type.Optional(Type.Integer({ minimum: 1 })),
  GITSYNC_EGRESS_POLICY: StringEnum(EGRESS_MODES, { default: 'public' }),
  GITSYNC_ALLOWED_HOSTS: Type.Optional(Type.String()),
  GITSYNC_CREDENTIALS_FILE: Type.Optional(Type.String()),
  GITSYNC_ALLOW_INSECURE_TLS: Type.Boolean({ default: false }),
  GITSYNC_BODY_LIMIT: Type.String({ default: '1MiB' }),
  GITSYNC_MAX_CONCURRENT: Type.Integer({ default: 16, minimum: 1 }),
  GITSYNC_MAX_QUEUED: Type.Integer({ default: 64, minimum: 0 }),
  GITSYNC_MEMORY_BUDGET: Type.Optional(Type.String()),
  GITSYNC_RUN_TIMEOUT: Type.String({ default: '6h' }),
  GITSYNC_STALL_TIMEOUT: Type.String({ default: '10m' }),
  GITSYNC_SHUTDOWN_GRACE: Type.String({ default: '60s' }),
  GITSYNC_SPOOL_DIR: Type.String({ default: tmpdir() }),
  GITSYNC_TEMP_REF_PREFIX: Type.String({ default: 'refs/gitsync' }),
  GITSYNC_LFS: StringEnum(['off', 'new', 'all'], { default: 'off' }),
  GITSYNC_LFS_HOSTS: Type.Optional(Type.String()),
})
type Settings = Type.Static<typeof Settings>
/** The name of each setting of the service. */
export const SETTINGS = Object.keys(Settings.properties)

/** The longest that a timer can wait, almost 25 days: Node makes anything longer fire at once. */
const MAX_TIMER = 2 ** 31 - 1

/** @throws SettingError */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const settings = readSettings(env)
  const time = (name: keyof Settings) => {
    const parse = ms as (text: string) => number
    return parsed({ name, text: settings[name], parse, kind: 'a time such as 10m', max: MAX_TIMER })
  }
  const size = (name: keyof Settings) => {
    const kind = 'a size such as 1MiB'
    return parsed({ name, text: settings[name], parse: bytes.parse, kind, max: Number.MAX_SAFE_INTEGER })
  }
  checkCallers(settings)
  return {
    host: settings.GITSYNC_HOST,
    port: settings.GITSYNC_PORT,
    logLevel: settings.GITSYNC_LOG_LEVEL,
    callers: understood(settings, 'GITSYNC_API_TOKENS', parseCallers),
    apiTokensFile: settings.GITSYNC_API_TOKENS_FILE,
    rateLimit: settings.GITSYNC_RATE_LIMIT,
    egressPolicy: settings.GITSYNC_EGRESS_POLICY,
    allowedHosts: understood(settings, 'GITSYNC_ALLOWED_HOSTS', (text) => new AllowedHosts(text)),
    credentialsFile: settings.GITSYNC_CREDENTIALS_FILE,
    allowInsecureTls: settings.GITSYNC_ALLOW_INSECURE_TLS,
    proxies: readProxies(env),
    bodyLimit: size('GITSYNC_BODY_LIMIT'),
    maxConcurrent: settings.GITSYNC_MAX_CONCURRENT,
    maxQueued: settings.GITSYNC_MAX_QUEUED,
    memoryBudget:
      settings.GITSYNC_MEMORY_BUDGET === undefined ? DEFAULT_MEMORY_BUDGET : size('GITSYNC_MEMORY_BUDGET'),
    runTimeout: time('GITSYNC_RUN_TIMEOUT'),
    stallTimeout: time('GITSYNC_STALL_TIMEOUT'),
    shutdownGrace: time('GITSYNC_SHUTDOWN_GRACE'),
    spoolDir: settings.GITSYNC_SPOOL_DIR,
    tempRefPrefix: refPrefix(settings.GITSYNC_TEMP_REF_PREFIX),
    lfs: settings.GITSYNC_LFS,
    lfsHosts: understood(settings, 'GITSYNC_LFS_HOSTS', (text) => {
      // What may be reached at all may be named too.
      const listed = new AllowedHosts(text)
      const { GITSYNC_ALLOWED_HOSTS: allowed } = settings
      return allowed === undefined ? listed : new AllowedHosts(`${text},${allowed}`)
    }),
  }
}

function readSettings(env: NodeJS.ProcessEnv): Settings {
  try {
    // A copy without empty variables: an empty one is one that is not set.
    const data = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
    return envSchema<Settings>({ schema: Settings, data, env: false })
  } catch (error) {
    const { errors = [] } = error as { errors?: EnvError[] }
    if (errors.length === 0) throw error
    throw new SettingError(errors.map(describe).join('; '))
  }
}

/** What env-schema says of one variable. */
interface EnvError {
  instancePath: string
  message?: string
  params: { allowedValues?: readonly string[] }
}

function describe({ instancePath, message = 'is wrong', params: { allowedValues } }: EnvError): string {
  const why = allowedValues ? `must be one of ${allowedValues.join(', ')}` : message
  return `${instancePath.slice(1)} ${why}`
}

interface Reading {
  name: string
  text: unknown
  parse: (text: string) => number | null
  kind: string
  max: number
}

function parsed({ name, text, parse, kind, max }: Reading): number {
  const value = parse(String(text))
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw new SettingError(`${name} must be ${kind}, not "${String(text)}"`)
  }
  if (value > max) throw new SettingError(`${name} is "${String(text)}", more than can be timed or counted`)
  return value
}

/** Who listens to a network knows who calls, or has said that he need not; and lends strangers no credentials. */
function checkCallers(settings: Settings): void {
  const { GITSYNC_HOST: host, GITSYNC_ALLOW_ANONYMOUS: isAnonymous } = settings
  const { GITSYNC_API_TOKENS: tokens, GITSYNC_API_TOKENS_FILE: file } = settings
  if (tokens !== undefined && file !== undefined) {
    throw new SettingError('GITSYNC_API_TOKENS and GITSYNC_API_TOKENS_FILE are both set: set one of them')
  }
  if (isAnonymous && settings.GITSYNC_CREDENTIALS_FILE !== undefined) {
    const why = 'whoever calls could use the stored credentials'
    throw new SettingError(`GITSYNC_ALLOW_ANONYMOUS cannot be set beside GITSYNC_CREDENTIALS_FILE: ${why}`)
  }
  const hasTokens = tokens !== undefined || file !== undefined
  if (!hasTokens && !isAnonymous && !/^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(host)) {
    const hint = 'set GITSYNC_API_TOKENS, GITSYNC_API_TOKENS_FILE, or GITSYNC_ALLOW_ANONYMOUS=true'
    throw new SettingError(`GITSYNC_HOST ${host} is open to others, who would need no token: ${hint}`)
  }
}

function understood<T>(settings: Settings, name: keyof Settings, parse: (text: string) => T): T | undefined {
  const text = settings[name]
  if (text === undefined) return undefined
  try {
    return parse(String(text))
  } catch (error) {
    throw new SettingError(`${name} ${(error as Error).message}`)
  }
}

function refPrefix(text: string): string {
  if (!/^refs\/(?:heads|tags)$/.test(text) && isWellFormedRefName(text)) return text
  throw new SettingError(
    'GITSYNC_TEMP_REF_PREFIX must be a folder of refs that nobody else uses, such as refs/gitsync',
  )
}
