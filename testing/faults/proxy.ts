import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { listen } from '../../src/local-git/loopback.js'
import { decodeBody, readBody } from '../packets/body.js'
import { type RequestRecord, record } from '../packets/recording.js'
import { type Action, perform } from './proxy-actions.js'

export interface ProxyOptions {
  /** The base URL of the git server behind. */
  target: string
  /** Looks at a request before it is sent on and says what to do to it; nothing means `pass`. */
  handle?: (info: RequestInfo) => Action | undefined | Promise<Action | undefined>
}

export interface RequestInfo {
  method: string
  path: string
  kind: 'info-refs' | 'call'
  service: string | undefined
  headers: IncomingHttpHeaders
  /** How many requests of the same kind and service came before. */
  index: number
  /** Reads the whole body, unpacked if it was gzipped; it is sent on all the same. */
  body(): Promise<Buffer>
}

export interface Proxy {
  url(repository: string): string
  readonly requests: RequestRecord[]
  resetRequests(): void
  close(): Promise<void>
}

/** A reverse proxy that breaks things on demand between a client and a git server. */
export async function startProxy({ target, handle = () => undefined }: ProxyOptions): Promise<Proxy> {
  const requests: RequestRecord[] = []
  const base = target.replace(/\/$/, '')

  async function serve(request: IncomingMessage, response: ServerResponse, entry: RequestRecord) {
    const index = requests.filter((other) => isLike(other, entry)).indexOf(entry)
    let whole: Promise<Buffer> | undefined
    const { method, path, service, headers } = entry
    const body = async () => {
      whole ??= readBody(request)
      return decodeBody(request, await whole)
    }
    const action = await handle({ method, path, service, headers, index, kind: kindOf(entry), body })
    if (response.destroyed) return
    const read = await whole
    const rest = read ? Readable.from(read) : request
    perform(action ?? { type: 'pass' }, { request, body: rest, response, target: base })
  }

  const { origin, close } = await listen((request, response) => {
    const entry = record(request, response)
    requests.push(entry)
    serve(request, response, entry).catch((error) => response.destroy(error))
  })
  return {
    url: (repository) => `${origin}/${repository}`,
    requests,
    resetRequests: () => {
      requests.length = 0
    },
    close,
  }
}

function kindOf({ path }: RequestRecord): RequestInfo['kind'] {
  return path.endsWith('/info/refs') ? 'info-refs' : 'call'
}

function isLike(one: RequestRecord, other: RequestRecord) {
  return one.service === other.service && kindOf(one) === kindOf(other)
}
