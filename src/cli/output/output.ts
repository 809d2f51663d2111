import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { jsonChunks } from '../../runtime/json-chunks.js'
import { UNPRINTABLE } from '../../runtime/printable.js'
import type { RunFlags } from '../flags/flags.js'
import { type Style, styleOf } from './style.js'

/** How a result is printed. */
export interface TextOptions {
  style: Style
  /** Omit nothing. */
  verbose: boolean
}

export function textOptions(stream: NodeJS.WriteStream, { verbose = false }: RunFlags): TextOptions {
  return { style: styleOf(stream), verbose }
}

/** Writes lines as fast as the stream accepts them. */
export async function print(stream: NodeJS.WriteStream, lines: Iterable<string>): Promise<void> {
  await send(stream, withLineEnds(stream, lines))
}

/** Prints a warning at once. */
export function warn(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${safeLine(stream, `git-sync: warning: ${text}`)}\n`)
}

/** Writes the service's JSON document, with everything escaped that a terminal would act on. */
export async function printJson(document: object): Promise<void> {
  await send(process.stdout, asLine(jsonChunks(document)))
}

/** Removes from a line everything that a terminal acts on, except our own colours. */
export function safeLine(stream: NodeJS.WriteStream, line: string): string {
  const parts = styleOf(stream).isColorSupported ? line.split(COLOURS) : [line]
  return parts
    .map((part, at) => (at % 2 === 1 ? part : part.toWellFormed().replace(UNPRINTABLE, ' ')))
    .join('')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences of colours
const COLOURS = /(\u001b\[\d{1,2}m)/

async function send(stream: NodeJS.WriteStream, chunks: Iterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(chunks), stream, { end: false })
  } catch (error) {
    // Without a reader of the messages, the exit status still shows the outcome.
    if (stream !== process.stderr) throw error
  }
}

/** JSON is printable outside its strings, so whatever is not can be escaped. */
function* asLine(chunks: Iterable<string>): Generator<string> {
  for (const chunk of chunks) yield chunk.replace(UNPRINTABLE, escapeAll)
  yield '\n'
}

function escapeAll(text: string): string {
  return text.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function* withLineEnds(stream: NodeJS.WriteStream, lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${safeLine(stream, line)}\n`
}
