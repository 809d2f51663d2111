import { pipeline, type Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { type ByteStream, prepend } from '../../runtime/byte-stream.js'
import { InflateEither } from './inflate.js'

// Bodies that git accepts (remote-curl.c, and curl below it): decoded although identity was asked for, of a type that
// is compared in lower case and without parameters, and on the response to a POST of any type.

/** As many as curl accepts. */
const MAX_ENCODINGS = 5

const DECODERS: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: () => new InflateEither(),
  br: createBrotliDecompress,
}

/** The media type alone, without parameters and blanks, in lower case. */
export function mediaType(headers: Dispatcher.ResponseData['headers']): string {
  const [type = ''] = String(headers['content-type'] ?? '').split(';')
  return type.replace(/\s+/g, '').toLowerCase()
}

/** The encodings of a body, in order; chunks are undici's to read. */
export function encodingsOf(headers: Dispatcher.ResponseData['headers']): string[] {
  const { 'content-encoding': content = '', 'transfer-encoding': transfer = '' } = headers
  return `${content},${transfer}`
    .split(',')
    .map((encoding) => encoding.trim().toLowerCase())
    .filter((encoding) => !UNCHANGED.has(encoding))
}

const UNCHANGED = new Set(['', 'identity', 'none', 'chunked'])

export function isDecodable(encodings: readonly string[]): boolean {
  return encodings.length <= MAX_ENCODINGS && encodings.every((encoding) => Object.hasOwn(DECODERS, encoding))
}

/** The body as it was before it was encoded; one with an encoding that is not known stays as it is. */
export function decodedBody(body: Readable, headers: Dispatcher.ResponseData['headers']): Readable {
  const encodings = encodingsOf(headers)
  if (!isDecodable(encodings)) return body
  return encodings.reduceRight<Readable>((encoded, encoding) => {
    const decoder = DECODERS[encoding]?.()
    // Errors come out of the decoder, which is what is read.
    return decoder ? pipeline(encoded, decoder, () => {}) : encoded
  }, body)
}

/** Whether a body begins with the length of a packet, and all its chunks. */
export async function peekPackets(
  body: ByteStream,
): Promise<{ startsWithPacket: boolean; chunks: ByteStream }> {
  let start: Buffer = Buffer.alloc(0)
  while (start.length < 4) {
    const { value } = await body.next()
    if (!value) break
    start = Buffer.concat([start, value])
  }
  const startsWithPacket = /^[\da-f]{4}$/i.test(start.toString('latin1', 0, 4))
  return { startsWithPacket, chunks: prepend(start, body) }
}
