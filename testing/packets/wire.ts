import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen } from '../../src/local-git/loopback.js'
import { type RequestRecord, record } from './recording.js'

export const FLUSH = Buffer.from('0000')
export const DELIM = Buffer.from('0001')
export const RESPONSE_END = Buffer.from('0002')

/** One packet; nothing is added to the text, not even a line end. */
export function pkt(payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload)
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}

/** One packet of a sideband: 1 is data, 2 is progress, 3 is a fatal error. */
export function band(number: 1 | 2 | 3, payload: string | Uint8Array): Buffer {
  return pkt(Buffer.concat([Buffer.from([number]), Buffer.from(payload)]))
}

export interface FakeRemote {
  url(repository?: string): string
  readonly requests: RequestRecord[]
  close(): Promise<void>
}

/** A server that says whatever the test wants it to. */
export async function startFakeRemote(
  handler: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<FakeRemote> {
  const requests: RequestRecord[] = []
  const { origin, close } = await listen((request, response) => {
    requests.push(record(request, response))
    Promise.resolve(handler(request, response)).catch((error) => response.destroy(error))
  })
  return { url: (repository = 'repository.git') => `${origin}/${repository}`, requests, close }
}
