type Json = Record<string, unknown>

/** Moves every schema with a title to a component of that name, and replaces it by a reference. */
export function hoistSchemas<T>(document: T): T {
  const components: Json = {}
  const hoist = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(hoist)
    if (!isObject(value)) return value
    const inner = Object.fromEntries(Object.entries(plain(value)).map(([key, item]) => [key, hoist(item)]))
    const isSchema = inner.type !== undefined || inner.oneOf !== undefined
    if (typeof inner.title !== 'string' || !isSchema) return inner
    return addComponent(components, inner.title, inner)
  }
  const hoisted = hoist(document) as Json
  return { ...hoisted, components: { ...(hoisted.components as Json), schemas: components } } as T
}

function addComponent(components: Json, name: string, schema: Json): Json {
  const known = components[name]
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
    throw new Error(`Two schemas are called ${name}.`)
  components[name] = schema
  return { $ref: refTo(name) }
}

function refTo(name: string): string {
  return `#/components/schemas/${name}`
}

/** Rewrites general forms that TypeBox emits into forms that client generators support better. */
function plain(schema: Json): Json {
  return asTaggedUnion(asNullable(asDictionary(schema)))
}

/** Rewrites a union with a discriminator as `oneOf`. */
function asTaggedUnion(schema: Json): Json {
  const { anyOf, discriminator, ...rest } = schema
  if (!Array.isArray(anyOf) || !isObject(discriminator)) return schema
  const tag = String(discriminator.propertyName)
  const mapping = anyOf.map(({ title, properties }) => [properties[tag].enum[0], refTo(title)])
  return { ...rest, oneOf: anyOf, discriminator: { propertyName: tag, mapping: Object.fromEntries(mapping) } }
}

/** Rewrites a union of a simple type and null as a list of types. */
function asNullable(schema: Json): Json {
  const { anyOf, ...rest } = schema
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return schema
  const [value, nothing] = anyOf
  if (nothing.type !== 'null' || typeof value.type !== 'string' || value.title !== undefined) return schema
  return { ...value, ...rest, type: [value.type, 'null'] }
}

/** Rewrites an object with arbitrary keys as `additionalProperties`. */
function asDictionary(schema: Json): Json {
  const { patternProperties, ...rest } = schema
  if (!isObject(patternProperties) || Object.keys(patternProperties).join() !== '^.*$') return schema
  return { ...rest, additionalProperties: patternProperties['^.*$'] }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
