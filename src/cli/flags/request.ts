import type { Auth, Endpoint, EndpointAuth, ProbeRequest, SyncRequest } from '../../../schemas/request.js'
import type { FetchRequest } from '../../../schemas/unstable.js'
import { withoutLineEnd } from '../../git/secrets/credentials.js'
import type { RunFlags } from './flags.js'

/** The request that the flags of plan, sync, replicate and bootstrap stand for. */
export function syncRequest(source: string, target: string, flags: RunFlags): SyncRequest {
  return {
    ...endpoints(source, target, flags),
    scope: scope(flags),
    policy: given({
      mode: flags.mode,
      includeTags: flags.tags,
      prune: flags.prune,
      forceWithLease: flags.forceWithLease,
      forceBlind: flags.forceBlind,
      bestEffort: flags.bestEffort,
      atomic: flags.atomic,
      protocol: flags.protocol,
      maxDeletes: flags.maxDeletes,
      maxForced: flags.maxForced,
      expectedPlan: flags.expectedPlan,
      lfs: flags.lfs === true ? 'new' : flags.lfs,
    }),
    ...given({ collectStats: flags.stats }),
    auth: auth(flags),
    options: given({
      maxPackBytes: flags.maxPackBytes,
      targetMaxPackBytes: flags.targetMaxPackBytes,
      targetMaxRefUpdates: flags.targetMaxRefUpdates,
      measureMemory: flags.measureMemory,
      materialize: flags.materialize,
      materializedMaxBytes: flags.materializedMaxBytes,
      materializedMaxObjects: flags.materializedMaxObjects,
      pushOptions: flags.pushOption,
      lfsMaxBytes: flags.lfsMaxBytes,
      lfsMaxObjects: flags.lfsMaxObjects,
    }),
  }
}

export function probeRequest(source: string, target: string | undefined, flags: RunFlags): ProbeRequest {
  const both = endpoints(source, target ?? '', flags)
  return {
    source: both.source,
    ...given({
      target: target === undefined ? undefined : both.target,
      includeTags: flags.tags,
      allRefs: flags.allRefs,
      excludeRefPrefixes: flags.excludeRefPrefix,
      protocol: flags.protocol,
      collectStats: flags.stats,
    }),
    auth: auth(flags),
    options: given({ measureMemory: flags.measureMemory, lfs: flags.lfs === undefined ? undefined : true }),
  }
}

export interface FetchFlags extends RunFlags {
  haveRef?: string[]
  have?: string[]
}

export function fetchRequest(source: string, flags: FetchFlags): FetchRequest {
  return {
    source: { url: source, ...given({ followInfoRefsRedirect: flags.sourceFollowInfoRefsRedirect }) },
    scope: scope(flags),
    ...given({
      includeTags: flags.tags,
      haveRefs: flags.haveRef,
      haves: flags.have,
      protocol: flags.protocol,
      collectStats: flags.stats,
    }),
    auth: sourceAuth(flags),
    options: given({ maxPackBytes: flags.maxPackBytes, measureMemory: flags.measureMemory }),
  }
}

function endpoints(source: string, target: string, flags: RunFlags): { source: Endpoint; target: Endpoint } {
  return {
    source: {
      url: source,
      ...given({ followInfoRefsRedirect: flags.sourceFollowInfoRefsRedirect, lfsUrl: flags.sourceLfsUrl }),
    },
    target: {
      url: target,
      ...given({ followInfoRefsRedirect: flags.targetFollowInfoRefsRedirect, lfsUrl: flags.targetLfsUrl }),
    },
  }
}

function scope(flags: RunFlags) {
  return given({
    branches: flags.branch,
    mappings: flags.map,
    allRefs: flags.allRefs,
    excludeRefPrefixes: flags.excludeRefPrefix,
    excludeRefs: flags.excludeRef,
  })
}

/** The source's credentials alone. */
export function sourceAuth(flags: RunFlags): Pick<Auth, 'source'> {
  const { source } = auth(flags)
  return given({ source })
}

function auth(flags: RunFlags): Auth {
  const source: EndpointAuth = given({
    username: withoutLineEnd(flags.sourceUsername),
    token: withoutLineEnd(flags.sourceToken),
    bearerToken: withoutLineEnd(flags.sourceBearerToken),
    skipTlsVerify: flags.sourceInsecureSkipTlsVerify,
  })
  const target: EndpointAuth = given({
    username: withoutLineEnd(flags.targetUsername),
    token: withoutLineEnd(flags.targetToken),
    bearerToken: withoutLineEnd(flags.targetBearerToken),
    skipTlsVerify: flags.targetInsecureSkipTlsVerify,
  })
  return { source, target }
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** What is there of it. */
function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>
}
