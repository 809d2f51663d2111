const ROWS_AT_ONCE = 500

/**
 * JSON text of a value, in pieces: a long array below it is written some rows at a time, so that a result of many
 * refs neither blocks the event loop nor becomes one giant string.
 */
export function* jsonChunks(value: unknown): Generator<string> {
  if (Array.isArray(value) && value.length > ROWS_AT_ONCE) {
    yield* arrayChunks(value)
  } else if (isPlainObject(value) && hasLongArray(value)) {
    let separator = '{'
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue
      yield `${separator}${JSON.stringify(key)}:`
      yield* jsonChunks(item)
      separator = ','
    }
    yield separator === '{' ? '{}' : '}'
  } else {
    yield JSON.stringify(value)
  }
}

function* arrayChunks(rows: readonly unknown[]): Generator<string> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const text = JSON.stringify(rows.slice(at, at + ROWS_AT_ONCE)).slice(1, -1)
    yield at === 0 ? `[${text}` : `,${text}`
  }
  yield ']'
}

function hasLongArray(value: object): boolean {
  return Object.values(value).some(
    (item) =>
      (Array.isArray(item) && item.length > ROWS_AT_ONCE) || (isPlainObject(item) && hasLongArray(item)),
  )
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value)
}
