import type { Socket } from 'node:net'
import { Agent, type buildConnector, Client, type Dispatcher, Pool } from 'undici'
import { GitSyncError } from '../../errors.js'
import { readingEarlyResponses } from './connector.js'
import type { Dial } from './dial.js'
import { MAX_HEAD_BYTES, ResponseHeads } from './response-heads.js'

/** Connections that one request may use up before it is sent. */
const MAX_DIALS = 3

/** No connection came about. It has no code: for some codes undici dials again without end. */
class ConnectError extends Error {
  override readonly name = 'ConnectError'

  constructor(cause: unknown) {
    super('no connection', { cause })
  }
}

/** A connection that was used before closed as a request went out, before any byte of a response: ask again. */
export class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError'

  constructor(cause: unknown) {
    super('a kept connection was closed', { cause })
  }
}

/** As a request's `opaque`: it does not reuse a kept connection. */
export const FRESH = Symbol('fresh connection')

/** An undici Agent whose connections are made by `dial`, end with the signal of their request, and read as curl does. */
export function agentThatDials(dial: Dial): Agent {
  return new Agent({
    maxHeaderSize: MAX_HEAD_BYTES,
    factory: (origin, poolOptions: object) =>
      new Pool(origin, {
        ...poolOptions,
        factory: (origin, options) => new Connection(origin, options, new Line(dial)),
      }),
  })
}

/** undici's Client, which carries one request at a time, with a line that is notified of each. */
class Connection extends Client {
  readonly #line: Line

  constructor(origin: URL, options: object, line: Line) {
    super(origin, { ...options, connect: line.connect })
    this.#line = line
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    // What `request` was given comes along whole.
    const { signal, opaque } = options as { signal?: AbortSignal; opaque?: unknown }
    this.#line.expect(signal, opaque === FRESH)
    return super.dispatch(options, handler)
  }
}

/** One connection after another, each made when a request needs it. */
class Line {
  readonly #dial: Dial
  #signal = new AbortController().signal
  #dials = 0
  #socket: Socket | undefined
  #heads: ResponseHeads | undefined

  constructor(dial: Dial) {
    this.#dial = dial
  }

  expect(signal: AbortSignal | undefined, isFresh: boolean): void {
    if (isFresh) this.#socket?.destroy()
    this.#signal = signal ?? new AbortController().signal
    this.#dials = 0
    this.#heads?.expect()
  }

  readonly connect: buildConnector.connector = (target, callback) => {
    this.#connection(target).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error instanceof GitSyncError ? error : new ConnectError(error), null),
    )
  }

  async #connection(target: buildConnector.Options): Promise<Socket> {
    // undici dials again where a connection ends, or is spoken on, before the request is written.
    if (++this.#dials > MAX_DIALS) throw lost('every connection was lost before the request could be sent')
    const socket = await this.#dial(target, this.#signal)
    if (socket.destroyed) throw socket.errored ?? lost('the connection was closed at once')
    this.#heads = new ResponseHeads()
    this.#socket = readAsCurl(readingEarlyResponses(socket), this.#heads)
    return this.#socket
  }
}

function lost(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNABORTED' })
}

/** Codes of a connection that broke. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** Lets the heads of responses be edited, and distinguishes a stale kept connection from one that failed while in use. */
function readAsCurl<S extends Socket>(socket: S, heads: ResponseHeads): S {
  const { push, write, destroy } = socket
  const passOn = (bytes: Buffer | undefined) =>
    bytes && bytes.length > 0 ? push.call(socket, bytes) : !socket.destroyed
  socket.push = (chunk: Buffer | null) => {
    try {
      if (chunk !== null) return passOn(heads.take(chunk))
      passOn(heads.flush())
      return push.call(socket, null)
    } catch (error) {
      socket.destroy(error as Error)
      return false
    }
  }
  socket.write = ((...args: Parameters<typeof write>) => {
    heads.isAsked = true
    return write.apply(socket, args)
  }) as typeof write
  socket.destroy = (error?: Error) => {
    const isStale = heads.isStale && BROKEN.has((error as NodeJS.ErrnoException | undefined)?.code ?? '')
    return destroy.call(socket, isStale ? new StaleConnectionError(error) : error)
  }
  return socket
}
