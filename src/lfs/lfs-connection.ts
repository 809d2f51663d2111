import type { EndpointRole } from '../../schemas/event.js'
import {
  type Access,
  Exchange,
  type ExchangeOptions,
  type Message,
  type Response,
} from '../git/http/exchange.js'
import { discardBody } from '../git/http/git-response.js'
import { REDIRECTS, refused } from '../git/http/refusals/redirect.js'
import type { Traffic } from '../git/http/traffic.js'
import { traceHeaders } from '../runtime/trace.js'
import { VERSION } from '../version.js'
import { type Action, secretsOf, takesCredentials } from './action.js'
import { MEDIA_TYPE } from './batch-api.js'
import { aboutStorage } from './lfs-error.js'
import { redirectedServer } from './lfs-redirect.js'
import { apiUrl } from './lfs-url.js'

export interface LfsOptions extends ExchangeOptions {
  /** The LFS server of the repository. */
  url: URL
  access: (url: URL) => Promise<Access>
  traffic: Traffic
  /** Milliseconds since 1970. */
  now: () => number
}

/** A response, and by which secrets its words are to be redacted. */
export interface Sent extends Response {
  options: ExchangeOptions
}

type Step = 'batch' | 'download' | 'upload' | 'verify'

export const MAX_REDIRECTS = 5

/** Requests to one side's LFS server, and to the storage that it sends us to: here it is decided who gets our credentials. */
export class LfsConnection {
  readonly side: EndpointRole
  readonly #options: LfsOptions
  #server: URL
  #access: Promise<Access> | undefined

  constructor(options: LfsOptions) {
    this.#options = options
    this.side = options.side
    this.#server = options.url
  }

  get server(): URL {
    return this.#server
  }

  /** One POST to the batch API. Within the origin, or from http to https on one host, a redirect is followed and kept. */
  async batch(body: Buffer): Promise<Sent> {
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const url = apiUrl(this.#server, '/objects/batch')
      const access = await this.#accessOf()
      const authorization = access.credentials.authorization()
      const headers = {
        ...commonHeaders(),
        accept: MEDIA_TYPE,
        'content-type': MEDIA_TYPE,
        ...(authorization === undefined ? {} : { authorization }),
      }
      const response = await this.#send('batch', access, { method: 'POST', headers, body, url })
      if (!REDIRECTS.has(response.status)) return response
      await discardBody(response, response.options)
      const server = redirectedServer(this.side, url, locationOf(response))
      if (server.origin !== this.#server.origin) this.#access = undefined
      this.#server = server
    }
    throw refused(this.side, `its LFS API more than ${MAX_REDIRECTS} times`)
  }

  /** A request that an action asks for. */
  async act(step: Step, action: Action, message: Message): Promise<Sent> {
    const access = await this.#accessOf()
    const own = takesCredentials(action, this.#server) ? access.credentials.authorization() : undefined
    const headers = {
      ...commonHeaders(),
      ...message.headers,
      ...(own === undefined ? {} : { authorization: own }),
      ...action.headers,
    }
    const isElsewhere = action.url.origin !== this.#server.origin
    const { credentials, pushDispatcher } = access
    const dispatcher = (isElsewhere && access.storageDispatcher) || access.dispatcher
    const chosen = { credentials, pushDispatcher, dispatcher }
    try {
      return await this.#send(step, chosen, { ...message, headers, url: action.url }, action)
    } catch (error) {
      throw isElsewhere ? aboutStorage(error, action.url) : error
    }
  }

  /** An action's own secrets are looked for only where something is to be shown. */
  async #send(
    step: Step,
    access: Access,
    { url, ...message }: Message & { url: URL },
    action?: Action,
  ): Promise<Sent> {
    const { secrets, side, signal, stallTimeout, traffic } = this.#options
    const options = {
      side,
      signal,
      stallTimeout,
      get secrets() {
        return action ? secrets.including(secretsOf(action)) : secrets
      },
    }
    const exchange = new Exchange(options, access, traffic.item(side, 'git-lfs', step), false)
    return Object.assign(await exchange.send(url, message), { options })
  }

  #accessOf(): Promise<Access> {
    this.#access ??= this.#options.access(this.#server)
    return this.#access
  }
}

export function locationOf({ headers }: Sent): string {
  return String(headers.location ?? '')
}

function commonHeaders(): Record<string, string> {
  return { 'user-agent': `git/git-sync-${VERSION}`, 'accept-encoding': 'identity', ...traceHeaders() }
}
