import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FLUSH, pkt, startFakeRemote } from '../packets/wire.js'

const ID = '1'.repeat(40)
const SOURCE_V1 =
  'multi_ack_detailed no-done side-band-64k ofs-delta shallow allow-reachable-sha1-in-want agent=git/2.39.5'
const TARGET = 'report-status delete-refs side-band-64k ofs-delta agent=git/2.39.5'
const V2 = [
  'version 2\n',
  'agent=git/2.39.5\n',
  'ls-refs=unborn\n',
  'fetch=shallow filter\n',
  'object-format=sha1\n',
]

export type Bytes = Iterable<Buffer>

export interface HostileRemotes {
  /** The listing of the source; one branch where it is absent. */
  listing?: () => Bytes
  /** The response to a fetch. */
  fetch?: () => Bytes
  /** Lines of the target's advertisement. */
  target?: () => Bytes
  /** With it, the source speaks protocol v2. */
  isV2?: boolean
  /** With it, the source's history is read by depths. */
  withoutFilter?: boolean
}

/** A request of the service, and what its remotes do to it. */
export interface HostileCase {
  name: string
  path: '/probe' | '/plan' | '/sync'
  remotes?: () => HostileRemotes
  /** What the request has beside its endpoints. */
  parts?: () => Record<string, unknown>
}

/** Serves a case's remotes, and gives the body of its request. */
export async function serveHostile({
  remotes,
  parts,
}: HostileCase): Promise<{ body: object; close(): Promise<void> }> {
  const { listing, fetch, target, isV2 = false, withoutFilter = false } = remotes?.() ?? {}
  const list = isV2 ? v2List : withoutFilter ? v1List : filteringV1List
  const remote = await startFakeRemote(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const isTarget = pathname.startsWith('/target')
    const service = searchParams.get('service') ?? pathname.slice(pathname.lastIndexOf('/') + 1)
    const type = `application/x-${service}-${request.method === 'GET' ? 'advertisement' : 'result'}`
    response.writeHead(200, { 'content-type': type })
    if (isTarget) return say(response, request.method === 'GET' ? targetList(target?.()) : [FLUSH])
    if (request.method === 'GET') return say(response, list(listing?.()))
    const asked = await textOf(request)
    if (asked.includes('command=ls-refs')) return say(response, [pkt(`${ID} refs/heads/main\n`), FLUSH])
    return say(response, fetch?.() ?? [pkt('NAK\n'), FLUSH])
  })
  const body = {
    source: { url: remote.url('source.git') },
    target: { url: remote.url('target.git') },
    ...parts?.(),
  }
  return { body, close: remote.close }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += (chunk as Buffer).toString('latin1')
  return text
}

/** Whoever asks may hang up at any time. */
async function say(response: ServerResponse, body: Bytes): Promise<void> {
  await pipeline(Readable.from(body, { objectMode: false }), response).catch(() => {})
}

function filteringV1List(lines?: Bytes): Bytes {
  return v1List(lines, `${SOURCE_V1} filter`)
}

function* v1List(lines: Bytes = [], capabilities = SOURCE_V1): Bytes {
  yield pkt('# service=git-upload-pack\n')
  yield FLUSH
  yield pkt(`${ID} refs/heads/a-first\0${capabilities}\n`)
  yield* lines
  yield pkt(`${ID} refs/heads/zz-last\n`)
  yield FLUSH
}

function* v2List(lines: Bytes = V2.map((line) => pkt(line))): Bytes {
  yield* lines
  yield FLUSH
}

function* targetList(lines: Bytes = []): Bytes {
  yield pkt('# service=git-receive-pack\n')
  yield FLUSH
  yield pkt(`${'0'.repeat(40)} capabilities^{}\0${TARGET}\n`)
  yield* lines
  yield FLUSH
}
