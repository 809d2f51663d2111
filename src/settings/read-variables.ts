import bytes from 'bytes-iec'
import { envSchema } from 'env-schema'
import ms from 'ms'
import type { Static, TSchema } from 'typebox'
import { SettingError } from './setting-error.js'

/** The longest timer, almost 25 days: Node fires longer ones at once. */
const MAX_TIMER = 2 ** 31 - 1

/**
 * The variables that a schema lists, with their defaults.
 *
 * @throws SettingError
 */
export function readVariables<Schema extends TSchema>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
): Static<Schema> {
  try {
    // An empty variable counts as not set.
    const data = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
    return envSchema<Static<Schema>>({ schema, data, env: false })
  } catch (error) {
    const { errors = [] } = error as { errors?: EnvError[] }
    if (errors.length === 0) throw error
    throw new SettingError(errors.map(describe).join('; '))
  }
}

/** An error of env-schema about one variable. */
interface EnvError {
  instancePath: string
  message?: string
  params: { allowedValues?: readonly string[] }
}

function describe({ instancePath, message = 'is wrong', params: { allowedValues } }: EnvError): string {
  const why = allowedValues ? `must be one of ${allowedValues.join(', ')}` : message
  return `${instancePath.slice(1)} ${why}`
}

/** A setting's time in milliseconds. @throws SettingError */
export function readTime(name: string, text: string): number {
  const parse = ms as (text: string) => number
  return parsed({ name, text, parse, kind: 'a time such as 10m', max: MAX_TIMER })
}

/** A setting's size in bytes. @throws SettingError */
export function readSize(name: string, text: string): number {
  const kind = 'a size such as 1MiB'
  return parsed({ name, text, parse: bytes.parse, kind, max: Number.MAX_SAFE_INTEGER })
}

interface Reading {
  name: string
  text: string
  parse: (text: string) => number | null
  kind: string
  max: number
}

function parsed({ name, text, parse, kind, max }: Reading): number {
  const value = parse(text)
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw new SettingError(`${name} must be ${kind}, not "${text}"`)
  }
  if (value > max) throw new SettingError(`${name} is "${text}", which is too large`)
  return value
}
