import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'

export interface RequestRecord {
  method: string
  /** Without the query. */
  path: string
  /** Of the query in `info/refs`, of the path in a call. */
  service: string | undefined
  headers: IncomingHttpHeaders
  /** 0 until the response begins. */
  status: number
  /** Bytes of the bodies as they were on the wire, chunk framing aside. */
  requestBytes: number
  responseBytes: number
  /** Whether the response was sent to its end. */
  complete: boolean
}

/** Notes a request, and goes on counting while its bodies pass. */
export function record(request: IncomingMessage, response: ServerResponse): RequestRecord {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const entry: RequestRecord = {
    method: request.method ?? '',
    path: pathname,
    service: searchParams.get('service') ?? /\/(git-[a-z]+-pack)$/.exec(pathname)?.[1],
    headers: request.headers,
    status: 0,
    requestBytes: 0,
    responseBytes: 0,
    complete: false,
  }
  countRequest(request, entry)
  countResponse(response, entry)
  return entry
}

/** A `data` listener would make the body flow, and hide from a test that nobody reads it. */
function countRequest(request: IncomingMessage, entry: RequestRecord) {
  const push = request.push
  request.push = (chunk, encoding) => {
    entry.requestBytes += chunk?.length ?? 0
    return push.call(request, chunk, encoding)
  }
}

function countResponse(response: ServerResponse, entry: RequestRecord) {
  const { writeHead, write, end } = response
  const count = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) {
      entry.responseBytes += Buffer.byteLength(chunk)
    }
  }
  const counting = <F extends typeof write | typeof end>(original: F) =>
    function (this: ServerResponse, ...args: Parameters<F>) {
      count(args[0])
      return Reflect.apply(original, this, args)
    }
  response.write = counting(write) as typeof write
  response.end = counting(end) as typeof end
  response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    Reflect.apply(writeHead, this, args)
    entry.status = this.statusCode
    return this
  } as typeof writeHead
  response.once('finish', () => {
    entry.complete = true
  })
}
