import { once } from 'node:events'
import { connect } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { request } from 'undici'
import { serveCalls } from './serve-calls.js'

/** The bytes of one response as the body of another request, and nothing else. */
async function undici(source: string, sink: string): Promise<void> {
  const { body } = await request(source)
  const response = await request(sink, { method: 'POST', body, headersTimeout: 0 })
  await response.body.dump()
}

/** From one socket to another, without HTTP. */
async function sockets(sourcePort: number, sinkPort: number): Promise<void> {
  const [source, sink] = [connect(sourcePort, '127.0.0.1'), connect(sinkPort, '127.0.0.1')]
  const taken = once(sink, 'data')
  await pipeline(source, sink)
  await taken
}

/** A round of requests, `width` at once, whose responses are read and dropped. */
async function requests(urls: string[], total: number, width: number): Promise<number> {
  const began = performance.now()
  let left = total
  const lane = async () => {
    while (left-- > 0) {
      for (const url of urls) await (await request(url)).body.dump()
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
  return (performance.now() - began) / 1000
}

serveCalls({ undici, sockets, requests })
