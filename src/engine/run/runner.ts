import { tmpdir } from 'node:os'
import type { Dispatcher } from 'undici'
import type { EndpointRole, RunEvent } from '../../../schemas/event.js'
import type { Endpoint, SyncRequest } from '../../../schemas/request.js'
import type { SyncResult } from '../../../schemas/result.js'
import { abortError, GitSyncError } from '../../errors.js'
import type { Access } from '../../git/http/exchange.js'
import { type MemoryAccount, UNACCOUNTED } from '../../git/http/memory-account.js'
import { type RemoteOptions, SmartHttp } from '../../git/http/smart-http.js'
import { Traffic } from '../../git/http/traffic.js'
import type { TracedPacket } from '../../git/http/wire-trace.js'
import { Secrets } from '../../git/secrets/secrets.js'
import { LfsHttp } from '../../lfs/lfs-http.js'
import { lfsServerUrl } from '../../lfs/lfs-url.js'
import { RESERVED_PREFIX } from '../request/scope.js'
import type { SpecSettings } from '../request/sync-spec.js'
import { type AuthProvider, resolveAuth } from './auth.js'
import { Callbacks, thrownText } from './callbacks.js'
import { type DispatcherProvider, defaultDispatchers, resolveDispatchers } from './dispatchers.js'
import { type Emit, ProgressMeter } from './progress.js'
import type { RunContext } from './run-context.js'

export interface ClientOptions {
  /** Asked for credentials where a request brings none for a side. */
  auth?: AuthProvider
  /** How connections are made: an undici Dispatcher, or a function that gives one. */
  dispatcher?: Dispatcher | DispatcherProvider
  /** Milliseconds of silence of a remote that end a run; 10 minutes. */
  stallTimeout?: number
  /** Where materialized packs are spooled; the system's temporary folder. */
  spoolDir?: string
  /** Where refs of this program's own live on a target; `refs/gitsync`. */
  tempRefPrefix?: string
  /** Which LFS objects come along where a request does not say; `off`. */
  lfs?: 'off' | 'new' | 'all'
}

export interface RunOptions {
  /** Ends the run on both remotes. */
  signal?: AbortSignal
  /** Called with each event of the run. What it throws ends the run as `callback_failed`. */
  onEvent?: (event: RunEvent) => void
  /** Counts the run's requests and bytes, to be read at any time, also where the run fails. */
  traffic?: Traffic
  /** Accounts for what the run holds in memory, for a budget that runs share; without it, there is none. */
  memory?: MemoryAccount
  /** Receives each packet that is sent and received, for debugging: its text may change in any release. It must not throw. */
  onPacket?: (packet: TracedPacket) => void
}

type SharedByRemotes = Pick<RemoteOptions, 'signal' | 'traffic' | 'memory' | 'secrets' | 'onPacket'> & {
  callbacks: Callbacks
}

type Remote = Pick<SyncRequest, 'source' | 'auth'> & { target?: Endpoint | null }

/** Ends requests that are left over when a run is over. */
const OVER = abortError(undefined)
const DEFAULT_STALL_TIMEOUT = 10 * 60 * 1000

/** Gives each run its remotes and one signal that ends both sides, and any request that is left at its end. */
export class Runner {
  readonly jobSettings: SpecSettings
  readonly #options: ClientOptions
  readonly #dispatcher: Dispatcher | DispatcherProvider

  constructor(options: ClientOptions) {
    const { spoolDir = tmpdir(), tempRefPrefix = RESERVED_PREFIX, lfs = 'off' } = options
    this.jobSettings = { spoolDir, tempRefPrefix, lfs }
    this.#options = options
    this.#dispatcher = options.dispatcher ?? defaultDispatchers()
  }

  /** @throws GitSyncError */
  async run<T>(
    request: Remote,
    { signal, onEvent, traffic = new Traffic(), memory = UNACCOUNTED, onPacket }: RunOptions,
    work: (run: RunContext) => Promise<T>,
  ): Promise<T> {
    const ending = new AbortController()
    const onAbort = () => ending.abort(abortError(signal?.reason))
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    const callbacks = new Callbacks(ending)
    const emit: Emit = onEvent ? callbacks.listener('onEvent', onEvent) : () => {}
    const meter = new ProgressMeter(emit)
    // One for both sides: a remote may repeat what the other was sent.
    const secrets = new Secrets()
    secrets.learn(request.auth?.source)
    secrets.learn(request.auth?.target)
    try {
      ending.signal.throwIfAborted()
      const shared = {
        signal: ending.signal,
        traffic,
        memory,
        secrets,
        callbacks,
        ...(onPacket && { onPacket: callbacks.listener('onPacket', onPacket) }),
      }
      const endpoints = { source: request.source, target: request.target ?? request.source }
      const options = (role: EndpointRole) => this.#remoteOptions(request, role, endpoints[role], shared)
      const remotes = { source: new SmartHttp(options('source')), target: new SmartHttp(options('target')) }
      const result = await work({
        ...remotes,
        openLfs: (side, signal) => {
          const url = lfsServerUrl(remotes[side].url, endpoints[side].lfsUrl)
          return new LfsHttp({ ...options(side), url, signal, now: Date.now })
        },
        traffic,
        memory,
        emit,
        isWatched: onEvent !== undefined,
        meter,
        signal: ending.signal,
        stallTimeout: this.#options.stallTimeout ?? DEFAULT_STALL_TIMEOUT,
      })
      if (callbacks.failure) throw withResult(callbacks.failure, result)
      return result
    } catch (error) {
      throw secrets.scrub(error instanceof GitSyncError ? error : bug(error))
    } finally {
      meter.close()
      signal?.removeEventListener('abort', onAbort)
      ending.abort(OVER)
    }
  }

  #remoteOptions(
    request: Remote,
    side: EndpointRole,
    endpoint: Endpoint,
    { callbacks, ...shared }: SharedByRemotes,
  ): RemoteOptions {
    const { auth: provider, stallTimeout = DEFAULT_STALL_TIMEOUT } = this.#options
    const access = async (url: URL): Promise<Access> => {
      const own = request.auth?.[side]
      const asked = { endpoint: { ...endpoint, url: url.href }, role: side, signal: shared.signal }
      const { credentials, skipTlsVerify, auth } = await resolveAuth(own, provider, asked)
      shared.secrets.learn(auth)
      const dispatchers = resolveDispatchers(this.#dispatcher, side, skipTlsVerify)
      const isOfCaller = this.#options.dispatcher !== undefined
      // A spread would ask for the dispatcher of storage hosts, which few runs need.
      return Object.assign(isOfCaller ? callbacks.watched(dispatchers) : dispatchers, { credentials })
    }
    const mayLeaveOrigin = endpoint.followInfoRefsRedirect === true
    const url = new URL(endpoint.url)
    return { side, url, access, mayLeaveOrigin, stallTimeout, ...shared }
  }
}

/** The error of a run that had come to its end all the same. */
function withResult(error: GitSyncError, result: unknown): GitSyncError {
  const isOfSync = typeof result === 'object' && result !== null && 'counts' in result
  if (isOfSync) error.result ??= result as SyncResult
  return error
}

function bug(cause: unknown): GitSyncError {
  const message = `Internal error in git-sync (this is a bug): ${thrownText(cause)}`
  return new GitSyncError('internal', message, { cause })
}
