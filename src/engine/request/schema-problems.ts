import type Type from 'typebox'
import { Compile } from 'typebox/schema'
import type { FieldProblem } from '../../../schemas/problem.js'

/** As much of a JSON Schema as requests are made of. */
interface Schema {
  anyOf?: Schema[]
  type?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
}

/**
 * Problems of a request compared with its schema, field by field, found lazily: typebox's own errors take a third of
 * a second for a megabyte of wrong items, of which a caller reads only the first few.
 */
export function* schemaProblems(schema: Schema, value: unknown, path = ''): Generator<FieldProblem> {
  const [some] = schema.anyOf ?? []
  if (some) {
    // All our unions are with null, which Go marshals for what is not set.
    if (value !== null) yield* schemaProblems(some, value, path)
  } else if (schema.type === 'object') yield* objectProblems(schema, value, path)
  else if (schema.type === 'array') yield* arrayProblems(schema, value, path)
  else yield* leafProblems(schema, value, path)
}

function* objectProblems(schema: Schema, value: unknown, path: string): Generator<FieldProblem> {
  if (!isRecord(value)) {
    yield { path, message: 'must be object' }
    return
  }
  const { properties = {}, required = [] } = schema
  for (const name of required) {
    if (value[name] === undefined) yield { path: `${path}/${name}`, message: 'is required' }
  }
  for (const name of Object.keys(value)) {
    const item = value[name]
    const at = `${path}/${pointerPart(name)}`
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (!known) yield { path: at, message: 'is not a property of this request' }
    else if (item !== undefined) yield* schemaProblems(known, item, at)
  }
}

function* arrayProblems({ items = {} }: Schema, value: unknown, path: string): Generator<FieldProblem> {
  if (!Array.isArray(value)) yield { path, message: 'must be array' }
  else for (const [index, item] of value.entries()) yield* schemaProblems(items, item, `${path}/${index}`)
}

type Validator = ReturnType<typeof Compile<Type.TSchema>>
const validators = new WeakMap<Schema, Validator>()

/** Only the first problem of a field is reported. */
function* leafProblems(schema: Schema, value: unknown, path: string): Generator<FieldProblem> {
  const validator = validators.get(schema) ?? (Compile(schema as Type.TSchema) as Validator)
  validators.set(schema, validator)
  if (validator.Check(value)) return
  const [error] = validator.Errors(value)[1]
  const allowed = (error?.params as { allowedValues?: unknown } | undefined)?.allowedValues
  yield {
    path,
    message: allowed ? `must be one of ${JSON.stringify(allowed)}` : (error?.message ?? 'does not fit'),
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const MAX_NAME = 100

/** A property's name in a JSON pointer (RFC 6901). */
function pointerPart(name: string): string {
  const shown = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name
  return shown.replaceAll('~', '~0').replaceAll('/', '~1')
}
