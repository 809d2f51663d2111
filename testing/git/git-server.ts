import type { IncomingMessage, ServerResponse } from 'node:http'
import { runHttpBackend } from '../../src/local-git/http-backend.js'
import { listen } from '../../src/local-git/loopback.js'
import { type RequestRecord, record } from '../packets/recording.js'
import type { Certificate } from '../processes/certificate.js'
import { configEnv, gitEnv } from './git.js'

export interface GitServerOptions {
  /** The folder whose repositories are served, each under its path. */
  root: string
  auth?: { username: string; password: string } | { bearer: string }
  /** With `v1`, the server ignores the Git-Protocol header. */
  protocol?: 'v1' | 'v2'
  tls?: Certificate
  intercept?: Intercept
  /** Git settings on top of the repositories' own. */
  config?: Record<string, string>
}

/** Runs before anything else: calls `next` to let git respond, or handles the request itself. */
export type Intercept = (
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
) => void | Promise<void>

export interface GitServer {
  /** The URL of a repository, given its path below the root. */
  url(repository: string): string
  /** In the order in which they came; a record changes until its request is over. */
  readonly requests: RequestRecord[]
  resetRequests(): void
  /** May be set and changed while the server runs. */
  intercept: Intercept | undefined
  /** Resolves when every git process is gone, without ending any. */
  idle(): Promise<void>
  /** Destroys all connections, and resolves when every git process is gone. */
  close(): Promise<void>
}

/** A smart HTTP remote as people run it: git's own http-backend behind a web server. */
export async function startGitServer(options: GitServerOptions): Promise<GitServer> {
  const running = new Set<Promise<void>>()
  const requests: RequestRecord[] = []
  const env = { ...gitEnv(), ...configEnv(options.config ?? {}) }

  function serve(request: IncomingMessage, response: ServerResponse) {
    if (response.destroyed) return
    const user = authenticate(request, options.auth)
    if (user === false) return challenge(response, options.auth)
    const gitProtocol = options.protocol === 'v1' ? undefined : request.headers['git-protocol']?.toString()
    const run = runHttpBackend(request, response, { root: options.root, gitProtocol, user, env })
    running.add(run)
    run.catch((error: Error) => response.destroy(error)).finally(() => running.delete(run))
  }

  const loopback = await listen((request, response) => {
    requests.push(record(request, response))
    const next = () => serve(request, response)
    if (!server.intercept) return next()
    Promise.resolve(server.intercept(request, response, next)).catch((error) => response.destroy(error))
  }, options.tls)

  const server: GitServer = {
    url: (repository) => `${loopback.origin}/${repository}`,
    requests,
    resetRequests: () => {
      requests.length = 0
    },
    intercept: options.intercept,
    idle: async () => {
      await Promise.allSettled(running)
    },
    close: async () => {
      await loopback.close()
      await server.idle()
    },
  }
  return server
}

/** The user's name, `undefined` where nobody is asked for one, `false` where the credentials are wrong. */
function authenticate(request: IncomingMessage, auth: GitServerOptions['auth']) {
  if (!auth) return undefined
  const given = request.headers.authorization
  if ('bearer' in auth) return given === `Bearer ${auth.bearer}` && 'bearer'
  const basic = Buffer.from(`${auth.username}:${auth.password}`).toString('base64')
  return given === `Basic ${basic}` && auth.username
}

function challenge(response: ServerResponse, auth: GitServerOptions['auth']) {
  const scheme = auth && 'bearer' in auth ? 'Bearer' : 'Basic'
  response.writeHead(401, { 'www-authenticate': `${scheme} realm="git"` }).end('who are you?\n')
}
