export interface AnySchema {
  [keyword: string]: unknown
}

/** A schema and all that is nested in it, each with its JSON pointer. */
export function* schemasIn(schema: unknown, path = ''): Generator<[string, AnySchema]> {
  if (typeof schema !== 'object' || schema === null) return
  if (!Array.isArray(schema)) yield [path, schema as AnySchema]
  for (const [key, value] of Object.entries(schema)) {
    // What is listed in `enum` and `required` are values, not schemas.
    if (key !== 'enum' && key !== 'required') yield* schemasIn(value, `${path}/${key}`)
  }
}
