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
}

/** A setting that does not parse: the message says which and why. */
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
})
type Settings = Type.Static<typeof Settings>

/** @throws SettingError */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const settings = readSettings(env)
  const time = (name: keyof Settings) =>
    parsed(name, settings[name], ms as (text: string) => number, 'a time such as 10m')
  const size = (name: keyof Settings) => parsed(name, settings[name], bytes.parse, 'a size such as 1MiB')
  return {
    host: settings.GITSYNC_HOST,
    port: settings.GITSYNC_PORT,
    logLevel: settings.GITSYNC_LOG_LEVEL,
    bodyLimit: size('GITSYNC_BODY_LIMIT'),
    runTimeout: time('GITSYNC_RUN_TIMEOUT'),
    stallTimeout: time('GITSYNC_STALL_TIMEOUT'),
    shutdownGrace: time('GITSYNC_SHUTDOWN_GRACE'),
  }
}

function readSettings(env: NodeJS.ProcessEnv): Settings {
  try {
    // A copy without empty variables: an empty one is one that is not set.
    const data = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
    return envSchema<Settings>({ schema: Settings, data, env: false })
  } catch (error) {
    throw new SettingError(error instanceof Error ? error.message.replace(/^env\//, '') : String(error))
  }
}

function parsed(name: string, text: unknown, parse: (text: string) => number | null, kind: string): number {
  const value = parse(String(text))
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw new SettingError(`${name} must be ${kind}, not "${String(text)}"`)
  }
  return value
}
