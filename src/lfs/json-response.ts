import { ExcessError, ProtocolError } from '../git/packets/protocol-error.js'
import type { ByteStream } from '../runtime/byte-stream.js'
import { yieldToEventLoop } from '../runtime/yield.js'

/** Bytes of a batch response: 80 kB for each of a hundred objects. */
const MAX_BYTES = 8 * 1024 * 1024

/** Reads a body of JSON whole. @throws ProtocolError where it is too long, or none */
export async function readJson(body: ByteStream, signal: AbortSignal): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > MAX_BYTES) throw new ExcessError(`its batch response is longer than ${MAX_BYTES} bytes`)
      chunks.push(chunk)
    }
  } finally {
    await body.return()
  }
  await yieldToEventLoop(signal)
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    // The parser's own message quotes the remote.
    throw new ProtocolError('its batch response is no JSON')
  }
}
