import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { band, FLUSH, pkt, startFakeRemote } from '../packets/wire.js'

const BAND_SIZE = 65_000
const UPLOAD = 'side-band-64k ofs-delta shallow filter agent=evil/1'
const RECEIVE = 'report-status side-band-64k ofs-delta delete-refs agent=evil/1'

export interface GraphPeers {
  request: {
    source: { url: string }
    target: { url: string }
    options: { targetMaxPackBytes: number }
  }
  /** Requests that came to the source. */
  readonly asked: number
  close(): Promise<void>
}

/**
 * A source that responds to every fetch with the chunks that `respond` gives, and an empty target that refuses every push:
 * whatever is asked of them, a transfer in steps gets no further than the source's history lets it.
 */
export async function startGraphPeers(
  refs: Record<string, string>,
  respond: (index: number) => Iterable<Buffer>,
): Promise<GraphPeers> {
  let asked = 0
  const lines = Object.entries(refs).map(([ref, id], index) =>
    pkt(`${id} ${ref}${index === 0 ? `\0${UPLOAD}` : ''}\n`),
  )
  const source = await startFakeRemote(async (request, response) => {
    const isListing = request.method === 'GET'
    const kind = isListing ? 'advertisement' : 'result'
    response.setHeader('content-type', `application/x-git-upload-pack-${kind}`)
    request.resume()
    if (isListing)
      return void response.end(Buffer.concat([pkt('# service=git-upload-pack\n'), FLUSH, ...lines, FLUSH]))
    const body = Readable.from(packResponse(respond(asked++)), { objectMode: false })
    await pipeline(body, response).catch(() => {})
  })
  const target = await startFakeRemote((request, response) => {
    request.resume()
    if (request.method !== 'GET') return void response.writeHead(500).end()
    response.setHeader('content-type', 'application/x-git-receive-pack-advertisement')
    const line = pkt(`${'0'.repeat(40)} capabilities^{}\0${RECEIVE}\n`)
    response.end(Buffer.concat([pkt('# service=git-receive-pack\n'), FLUSH, line, FLUSH]))
  })
  return {
    request: {
      source: { url: source.url() },
      target: { url: target.url() },
      options: { targetMaxPackBytes: 1_000_000 },
    },
    get asked() {
      return asked
    },
    close: async () => {
      await Promise.all([source.close(), target.close()])
    },
  }
}

function* packResponse(chunks: Iterable<Buffer>): Generator<Buffer> {
  yield pkt('NAK\n')
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += BAND_SIZE) yield band(1, chunk.subarray(at, at + BAND_SIZE))
  }
  yield FLUSH
}
