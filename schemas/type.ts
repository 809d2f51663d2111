import type TypeBox from 'typebox'

// TypeBox's own builders take longer to load than all else of this library, and make no more than the objects below.

type Options = Record<string, unknown>
type Schema = Record<string, unknown>

const optional = new WeakSet<object>()

function object(properties: Record<string, Schema>, options: Options = {}): Schema {
  const required = Object.keys(properties).filter((name) => !optional.has(properties[name] as Schema))
  return { type: 'object', ...(required.length > 0 && { required }), properties, ...options }
}

const builders = {
  Array: (items: Schema, options?: Options): Schema => ({ type: 'array', items, ...options }),
  Boolean: (options?: Options): Schema => ({ type: 'boolean', ...options }),
  Integer: (options?: Options): Schema => ({ type: 'integer', ...options }),
  Null: (options?: Options): Schema => ({ type: 'null', ...options }),
  Number: (options?: Options): Schema => ({ type: 'number', ...options }),
  Object: object,
  /** A property that may be absent. */
  Optional: (schema: Schema): Schema => {
    const copy = { ...schema }
    optional.add(copy)
    return copy
  },
  Pick: ({ properties }: Schema, names: readonly string[]): Schema => {
    const all = properties as Record<string, Schema>
    return object(Object.fromEntries(names.map((name) => [name, all[name] as Schema])))
  },
  Record: (_keys: Schema, values: Schema, options?: Options): Schema => ({
    type: 'object',
    patternProperties: { '^.*$': values },
    ...options,
  }),
  String: (options?: Options): Schema => ({ type: 'string', ...options }),
  Union: (anyOf: Schema[], options?: Options): Schema => ({ anyOf, ...options }),
  Unsafe: (schema: Schema): Schema => ({ ...schema }),
}

/** As much of TypeBox's builders as our schemas are made of: plain JSON Schema, with TypeBox's types. */
const Type = builders as unknown as Pick<typeof TypeBox, keyof typeof builders>

// Types only, so that `Type.Static` reads as with TypeBox.
declare namespace Type {
  export type Static<Schema extends TypeBox.TSchema> = TypeBox.Static<Schema>
  export type TSchema = TypeBox.TSchema
  export type TProperties = TypeBox.TProperties
}

export default Type
