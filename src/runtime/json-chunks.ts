import { Readable } from 'node:stream'
import { yieldToEventLoop } from './yield.js'

const ROWS_AT_ONCE = 500
/** The longest piece that is written at once. */
const PIECE = 64 * 1024

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
  // Rows may be long: how many go into a piece follows from those before.
  for (let at = 0, count = 1; at < rows.length; ) {
    const text = JSON.stringify(rows.slice(at, at + count)).slice(1, -1)
    yield at === 0 ? `[${text}` : `,${text}`
    at += count
    count = Math.min(Math.ceil((count * PIECE) / text.length), count * 8, ROWS_AT_ONCE)
  }
  yield ']'
}

/** A body of these texts, in pieces so short that it shows soon whether somebody reads. */
export function bodyOf(texts: Iterable<string> | AsyncIterable<string>): Readable {
  return Readable.from(inPieces(texts), { objectMode: false })
}

async function* inPieces(texts: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  for await (const text of texts) {
    for (let at = 0; at < text.length; at += PIECE) {
      // A reader that is as fast as we are would have us write all of it in one turn of the event loop.
      await yieldToEventLoop()
      yield text.slice(at, at + PIECE)
    }
  }
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
