import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

/** The whole body of a request, as it came. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return buffer(request)
}

/** What a body says, whether or not it was sent gzipped. */
export function decodeBody(request: IncomingMessage, body: Buffer): Buffer {
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}
