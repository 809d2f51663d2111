import Type from 'typebox'

/** `{ type: 'string', enum }` instead of a union of constants, which client generators support less well. */
export function StringEnum<const T extends readonly string[]>(
  values: T,
  options: { title?: string; description?: string; default?: T[number] } = {},
) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: values, ...options })
}

/** A list or `null`, which means "not set": Go marshals a nil slice as `null`. */
export function List<T extends Type.TSchema>(items: T, description: string) {
  return Type.Union([Type.Array(items), Type.Null()], { description })
}

/** A number of items or bytes: a safe integer of at least 0. */
export function Count(description: string) {
  return Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })
}
