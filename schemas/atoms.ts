import Type from 'typebox'

/** `{ type: 'string', enum }`, never a union of constants: generated clients read it better. */
export function StringEnum<const T extends readonly string[]>(
  values: T,
  options: { title?: string; description?: string; default?: T[number] } = {},
) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: values, ...options })
}

/** A list that Go may marshal as `null`, which means "not set". */
export function List<T extends Type.TSchema>(items: T, description: string) {
  return Type.Union([Type.Array(items), Type.Null()], { description })
}

/** A count of things or bytes: a safe integer of at least 0. */
export function Count(description: string) {
  return Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })
}
