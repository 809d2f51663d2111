/** As much of JSON Schema as requests are made of. */
export interface Schema {
  anyOf?: Schema[]
  type?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  enum?: readonly string[]
  minLength?: number
  pattern?: string
  minimum?: number
  maximum?: number
}

/** What is wrong with a value that is neither an object nor an array. */
export function misfit(schema: Schema, value: unknown): string | undefined {
  const { type } = schema
  if (type === 'string') return typeof value === 'string' ? textMisfit(schema, value) : 'must be string'
  if (type === 'integer')
    return Number.isInteger(value) ? rangeMisfit(schema, Number(value)) : 'must be integer'
  if (type === 'null') return value === null ? undefined : 'must be null'
  // A boolean or a number, which JavaScript calls the same.
  return typeof value === type ? undefined : `must be ${type}`
}

function textMisfit({ enum: allowed, minLength = 0, pattern }: Schema, text: string): string | undefined {
  if (allowed && !allowed.includes(text)) return `must be one of ${JSON.stringify(allowed)}`
  if (text.length < minLength) return `must not have fewer than ${minLength} characters`
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(text)) return `must match pattern "${pattern}"`
  return undefined
}

function rangeMisfit({ minimum, maximum }: Schema, number: number): string | undefined {
  if (minimum !== undefined && number < minimum) return `must be >= ${minimum}`
  if (maximum !== undefined && number > maximum) return `must be <= ${maximum}`
  return undefined
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
