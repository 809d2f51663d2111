import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { jsonChunks } from '../service/json-chunks.js'
import type { RunFlags } from './flags.js'
import { type Style, styleOf } from './style.js'

/** How text is to look. */
export interface TextOptions {
  style: Style
  /** Leave nothing out. */
  verbose: boolean
}

export function textOptions(stream: NodeJS.WriteStream, { verbose = false }: RunFlags): TextOptions {
  return { style: styleOf(stream), verbose }
}

/** Writes lines as fast as they are taken. */
export async function print(stream: NodeJS.WriteStream, lines: Iterable<string>): Promise<void> {
  await send(stream, withLineEnds(lines))
}

/** Writes the document that the service answers. */
export async function printJson(document: object): Promise<void> {
  await send(process.stdout, asLine(jsonChunks(document)))
}

async function send(stream: NodeJS.WriteStream, chunks: Iterable<string>): Promise<void> {
  await pipeline(Readable.from(chunks), stream, { end: false })
}

function* asLine(chunks: Iterable<string>): Generator<string> {
  yield* chunks
  yield '\n'
}

function* withLineEnds(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`
}
