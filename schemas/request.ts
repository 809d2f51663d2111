import { Count, List, StringEnum } from './atoms.js'
import Type from './type.js'

const closed = { additionalProperties: false }

export const Endpoint = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      description: 'http(s) URL of the repository. Nothing is ever appended to its path.',
    }),
    followInfoRefsRedirect: Type.Optional(
      Type.Boolean({
        description: 'Follow a redirect of info/refs to another origin, credentials included.',
      }),
    ),
    lfsUrl: Type.Optional(
      Type.String({
        description:
          'http(s) URL of its LFS server. Empty: `<url>.git/info/lfs`, or `<url>/info/lfs` where the URL ends in `.git`.',
      }),
    ),
  },
  { ...closed, title: 'Endpoint' },
)
export type Endpoint = Type.Static<typeof Endpoint>

export const EndpointAuth = Type.Object(
  {
    username: Type.Optional(Type.String({ description: 'Basic user name; `git` where empty.' })),
    token: Type.Optional(Type.String({ description: 'Basic password.' })),
    bearerToken: Type.Optional(Type.String({ description: 'Bearer token; wins over `token`.' })),
    skipTlsVerify: Type.Optional(Type.Boolean({ description: 'Accept any TLS certificate.' })),
  },
  { ...closed, title: 'EndpointAuth' },
)
export type EndpointAuth = Type.Static<typeof EndpointAuth>

export const Auth = Type.Object(
  { source: Type.Optional(EndpointAuth), target: Type.Optional(EndpointAuth) },
  {
    ...closed,
    title: 'Auth',
    description: 'Credentials for this request only; a side without tokens sends none.',
  },
)
export type Auth = Type.Static<typeof Auth>

export const RefMapping = Type.Object(
  {
    source: Type.String({ minLength: 1, description: 'Name on the source.' }),
    target: Type.String({ minLength: 1, description: 'Name on the target.' }),
  },
  {
    ...closed,
    title: 'RefMapping',
    description:
      'A source ref and its name on the target. A short name is a branch; each side may hold one `*`.',
  },
)
export type RefMapping = Type.Static<typeof RefMapping>

export const RefScope = Type.Object(
  {
    branches: Type.Optional(List(Type.String({ minLength: 1 }), 'Branches by name; one `*` each.')),
    mappings: Type.Optional(List(RefMapping, 'Source refs under other names on the target.')),
    allRefs: Type.Optional(Type.Boolean({ description: 'All tags and all other refs too.' })),
    excludeRefPrefixes: Type.Optional(
      List(
        Type.String({ minLength: 1 }),
        'Prefixes of refs that are neither written nor deleted. A mapping without `*` still writes its target.',
      ),
    ),
    excludeRefs: Type.Optional(
      List(
        Type.String({ minLength: 1 }),
        'Refs that are neither written nor deleted; one `*` each. A mapping without `*` still writes its target.',
      ),
    ),
  },
  {
    ...closed,
    title: 'RefScope',
    description: 'Which refs a run manages. Without `branches` and `mappings`: all branches.',
  },
)
export type RefScope = Type.Static<typeof RefScope>

export const OperationMode = StringEnum(['', 'sync', 'replicate'], {
  title: 'OperationMode',
  description: '`sync` blocks refs that diverged, `replicate` overwrites them. Empty: sync.',
})
export type OperationMode = Type.Static<typeof OperationMode>

export const ProtocolMode = StringEnum(['', 'auto', 'v1', 'v2'], {
  title: 'ProtocolMode',
  description: 'The protocol version used with the source. Empty: auto.',
})
export type ProtocolMode = Type.Static<typeof ProtocolMode>

export const LfsMode = StringEnum(['', 'off', 'new', 'all'], {
  title: 'LfsMode',
  description:
    '`new`: the LFS objects whose pointers come with the refs to be written are brought to the target before any ref moves. ' +
    '`all`: those of all that the desired refs reach. Empty: as the service or client is set up, which is `off` without a setting.',
})
export type LfsMode = Type.Static<typeof LfsMode>

export const SyncPolicy = Type.Object(
  {
    mode: Type.Optional(OperationMode),
    includeTags: Type.Optional(Type.Boolean({ description: 'All tags too.' })),
    prune: Type.Optional(Type.Boolean({ description: 'Delete managed target refs that the source lacks.' })),
    force: Type.Optional(Type.Boolean({ description: 'Overwrite refs that diverged, under a lease.' })),
    forceWithLease: Type.Optional(Type.Boolean({ description: 'The same as `force`.' })),
    forceBlind: Type.Optional(Type.Boolean({ description: 'Overwrite refs without a lease.' })),
    bestEffort: Type.Optional(
      Type.Boolean({
        description:
          'Refs that the target refuses become warnings. A run still fails if the target accepts nothing of it.',
      }),
    ),
    atomic: Type.Optional(Type.Boolean({ description: 'Update all refs or none.' })),
    protocol: Type.Optional(ProtocolMode),
    maxDeletes: Type.Optional(Count('A plan that deletes more is refused; 0 allows none.')),
    maxForced: Type.Optional(Count('A plan that overwrites more is refused; 0 allows none.')),
    expectedPlan: Type.Optional(
      Type.String({ description: '`plan.digest` of an earlier plan: the run is refused if it has changed.' }),
    ),
    lfs: Type.Optional(LfsMode),
  },
  { ...closed, title: 'SyncPolicy' },
)
export type SyncPolicy = Type.Static<typeof SyncPolicy>

export const TransferOptions = Type.Object(
  {
    maxPackBytes: Type.Optional(Count('Most pack bytes that a run may read from the source; 0: no limit.')),
    targetMaxPackBytes: Type.Optional(
      Count('Most pack bytes that the target accepts in one push; 0: unknown.'),
    ),
    targetMaxRefUpdates: Type.Optional(Count('Most ref updates in one push; 0: 5,000.')),
    measureMemory: Type.Optional(Type.Boolean({ description: 'Measure memory while the run lasts.' })),
    materialize: Type.Optional(
      StringEnum(['auto', 'always', 'never'], { description: 'When to spool the pack to a file first.' }),
    ),
    materializedMaxBytes: Type.Optional(Count('Most bytes of a spooled pack; 0: 4 GiB.')),
    materializedMaxObjects: Type.Optional(Count('Most objects of a spooled pack; 0: no limit.')),
    pushOptions: Type.Optional(List(Type.String(), 'Push options for the target.')),
    omitSkipped: Type.Optional(
      Type.Boolean({
        description: 'Leave refs whose action is `skip` out of `refs`; `counts` and `plan` stay.',
      }),
    ),
    lfsMaxBytes: Type.Optional(Count('Most bytes of LFS objects that the target lacks; 0: no limit.')),
    lfsMaxObjects: Type.Optional(Count('Most LFS objects that the target lacks; 0: no limit.')),
  },
  { ...closed, title: 'TransferOptions' },
)
export type TransferOptions = Type.Static<typeof TransferOptions>

export const ProbeOptions = Type.Object(
  {
    measureMemory: Type.Optional(Type.Boolean({ description: 'Measure memory while the run lasts.' })),
    lfs: Type.Optional(Type.Boolean({ description: 'Ask each side whether it has an LFS server.' })),
  },
  { ...closed, title: 'ProbeOptions' },
)
export type ProbeOptions = Type.Static<typeof ProbeOptions>

export const ProbeRequest = Type.Object(
  {
    source: Endpoint,
    target: Type.Optional(
      Type.Union([Endpoint, Type.Null()], {
        description: 'If given, its capabilities are listed too.',
      }),
    ),
    includeTags: Type.Optional(Type.Boolean({ description: 'All tags too.' })),
    allRefs: Type.Optional(Type.Boolean({ description: 'All tags and all other refs too.' })),
    excludeRefPrefixes: Type.Optional(List(Type.String({ minLength: 1 }), 'Prefixes of refs to leave out.')),
    protocol: Type.Optional(ProtocolMode),
    collectStats: Type.Optional(Type.Boolean({ description: 'Fill `stats`.' })),
    auth: Type.Optional(Auth),
    options: Type.Optional(ProbeOptions),
  },
  { ...closed, title: 'ProbeRequest' },
)
export type ProbeRequest = Type.Static<typeof ProbeRequest>

const syncFields = {
  source: Endpoint,
  target: Endpoint,
  scope: Type.Optional(RefScope),
  policy: Type.Optional(SyncPolicy),
  collectStats: Type.Optional(Type.Boolean({ description: 'Fill `stats`.' })),
  auth: Type.Optional(Auth),
  options: Type.Optional(TransferOptions),
}
export const SyncRequest = Type.Object(syncFields, { ...closed, title: 'SyncRequest' })
export type SyncRequest = Type.Static<typeof SyncRequest>

export const PlanRequest = Type.Object(syncFields, { ...closed, title: 'PlanRequest' })
export type PlanRequest = Type.Static<typeof PlanRequest>
