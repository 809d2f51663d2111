import type { OperationMode, ProtocolMode, SyncRequest } from '../../../schemas/request.js'
import { type Scope, toScope } from './scope.js'

/** A validated request with its defaults in place and its synonyms made one. */
export interface SyncSpec {
  sourceUrl: string
  scope: Scope
  mode: Exclude<OperationMode, ''>
  protocol: ProtocolMode
  dryRun: boolean
  prune: boolean
  /** Diverged refs are overwritten. */
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
  /** Most bytes of a pack that the target accepts in one push; 0 where the caller gives no limit. */
  targetMaxPackBytes: number
  materialize: 'auto' | 'always' | 'never'
  spool: { folder: string; maxBytes: number; maxObjects: number }
  /** Skipped refs are counted, but not part of the result. */
  omitSkipped: boolean
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

const DEFAULT_REF_UPDATES = 5_000
const DEFAULT_SPOOLED_BYTES = 4 * 1024 ** 3

/** Settings of a client that its runs use. */
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
    omitSkipped: options.omitSkipped === true,
    lfs: {
      mode: policy.lfs || settings.lfs,
      maxBytes: options.lfsMaxBytes || Number.POSITIVE_INFINITY,
      maxObjects: options.lfsMaxObjects || Number.POSITIVE_INFINITY,
    },
    collectStats: request.collectStats === true,
    measureMemory: options.measureMemory === true,
  }
}
