import { tmpdir } from 'node:os'
import bytes from 'bytes-iec'
import { envSchema } from 'env-schema'
import ms from 'ms'
import Type from 'typebox'
import { StringEnum } from '../../schemas/atoms.js'

/** The service's settings, read and understood. Times are milliseconds, sizes bytes. */
export interface Config {
  host: string
  port: number
  logLevel: string
  bodyLimit: number
  runTimeout: number
  stallTimeout: number
  shutdownGrace: number
  spoolDir: string
  tempRefPrefix: string
}

/** A setting that cannot be used: the message says which and why. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const Settings = Type.Object({
  GITSYNC_HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  GITSYNC_PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65_535 }),
  GITSYNC_LOG_LEVEL: StringEnum(LEVELS, { default: 'info' }),
  GITSYNC_BODY_LIMIT: Type.String({ default: '1MiB' }),
  GITSYNC_RUN_TIMEOUT: Type.String({ default: '6h' }),
  GITSYNC_STALL_TIMEOUT: Type.String({ default: '10m' }),
  GITSYNC_SHUTDOWN_GRACE: Type.String({ default: '60s' }),
  GITSYNC_SPOOL_DIR: Type.String({ default: tmpdir() }),
  GITSYNC_TEMP_REF_PREFIX: Type.String({
    default: 'refs/gitsync',
    pattern: '^refs/(?!(?:heads|tags)(?:/|$))[\\w./-]*[\\w-]$',
  }),
})
type Settings = Type.Static<typeof Settings>

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
  return {
    host: settings.GITSYNC_HOST,
    port: settings.GITSYNC_PORT,
    logLevel: settings.GITSYNC_LOG_LEVEL,
    bodyLimit: size('GITSYNC_BODY_LIMIT'),
    runTimeout: time('GITSYNC_RUN_TIMEOUT'),
    stallTimeout: time('GITSYNC_STALL_TIMEOUT'),
    shutdownGrace: time('GITSYNC_SHUTDOWN_GRACE'),
    spoolDir: settings.GITSYNC_SPOOL_DIR,
    tempRefPrefix: settings.GITSYNC_TEMP_REF_PREFIX,
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
