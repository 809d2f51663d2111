import type { EndpointRole } from '../../../schemas/event.js'
import type { OperationMode, ProtocolMode, SyncRequest } from '../../../schemas/request.js'
import type { MemoryAccount } from '../../git/http/memory-account.js'
import type { SmartHttp } from '../../git/http/smart-http.js'
import type { Traffic } from '../../git/http/traffic.js'
import type { LfsHttp } from '../../lfs/lfs-http.js'
import type { Emit, ProgressMeter } from '../run/progress.js'
import { type Scope, toScope } from './scope.js'

/** A validated request with its defaults in place and its synonyms made one. */
export interface SyncSpec {
  sourceUrl: string
  scope: Scope
  mode: Exclude<OperationMode, ''>
  protocol: ProtocolMode
  dryRun: boolean
  prune: boolean
  /** What diverged is overwritten. */
  overwrite: boolean
  /** A target ref that another writer moved is overwritten too. */
  blind: boolean
  bestEffort: boolean
  atomic: boolean
  /** Refuse a target that has any of the desired refs. */
  bootstrap: boolean
  maxDeletes: number | undefined
  maxForced: number | undefined
  expectedPlan: string | undefined
  pushOptions: readonly string[]
  /** `Infinity` where there is no limit. */
  maxPackBytes: number
  maxRefUpdates: number
  /** Most bytes of a pack that the target takes in one push; 0 where the caller does not say. */
  targetMaxPackBytes: number
  materialize: 'auto' | 'always' | 'never'
  spool: { folder: string; maxBytes: number; maxObjects: number }
  lfs: Lfs
  collectStats: boolean
  measureMemory: boolean
}

/** Which LFS objects come along. `Infinity` where there is no limit. */
export interface Lfs {
  mode: 'off' | 'new' | 'all'
  maxBytes: number
  maxObjects: number
}

/** What one run works with: its remotes, where it tells of itself, and what ends it. */
export interface Run {
  source: SmartHttp
  target: SmartHttp
  /** The LFS server of a side; the signal ends what it does. */
  openLfs: (side: EndpointRole, signal: AbortSignal) => LfsHttp
  traffic: Traffic
  memory: MemoryAccount
  emit: Emit
  /** Someone is told of what goes on, and so of the remotes' own progress text. */
  isWatched: boolean
  meter: ProgressMeter
  signal: AbortSignal
  /** Milliseconds of a remote's silence that end the run. */
  stallTimeout: number
}

const DEFAULT_REF_UPDATES = 5_000
const DEFAULT_SPOOLED_BYTES = 4 * 1024 ** 3

/** What a job takes from its client. */
export interface SpecSettings {
  spoolDir: string
  tempRefPrefix: string
  /** Of a request that does not say. */
  lfs: Lfs['mode']
}

export function resolveRequest(request: SyncRequest, dryRun: boolean, settings: SpecSettings): SyncSpec {
  const { scope = {}, policy = {}, options = {} } = request
  const mode = policy.mode === 'replicate' ? 'replicate' : 'sync'
  const lease = policy.force === true || policy.forceWithLease === true
  const blind = policy.forceBlind === true
  return {
    sourceUrl: request.source.url,
    scope: toScope(scope, policy.includeTags === true, settings.tempRefPrefix),
    mode,
    protocol: policy.protocol || 'auto',
    dryRun,
    prune: policy.prune === true,
    overwrite: mode === 'replicate' || lease || blind,
    blind,
    bestEffort: policy.bestEffort === true,
    atomic: policy.atomic === true,
    bootstrap: false,
    maxDeletes: policy.maxDeletes,
    maxForced: policy.maxForced,
    expectedPlan: policy.expectedPlan || undefined,
    pushOptions: options.pushOptions ?? [],
    maxPackBytes: options.maxPackBytes || Number.POSITIVE_INFINITY,
    maxRefUpdates: options.targetMaxRefUpdates || DEFAULT_REF_UPDATES,
    targetMaxPackBytes: options.targetMaxPackBytes ?? 0,
    materialize: options.materialize ?? 'auto',
    spool: {
      folder: settings.spoolDir,
      maxBytes: options.materializedMaxBytes || DEFAULT_SPOOLED_BYTES,
      maxObjects: options.materializedMaxObjects || Number.POSITIVE_INFINITY,
    },
    lfs: {
      mode: policy.lfs || settings.lfs,
      maxBytes: options.lfsMaxBytes || Number.POSITIVE_INFINITY,
      maxObjects: options.lfsMaxObjects || Number.POSITIVE_INFINITY,
    },
    collectStats: request.collectStats === true,
    measureMemory: options.measureMemory === true,
  }
}
