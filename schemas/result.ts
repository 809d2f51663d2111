import Type from 'typebox'
import { StringEnum } from './atoms.js'

export const RefInfo = Type.Object(
  {
    name: Type.String({ description: 'Full name.' }),
    hash: Type.String({ description: 'Object id; of an annotated tag, that of the tag object.' }),
  },
  { title: 'RefInfo' },
)
export type RefInfo = Type.Static<typeof RefInfo>

export const RefKind = StringEnum(['branch', 'tag', 'other'], {
  title: 'RefKind',
  description: 'Below `refs/heads/`, below `refs/tags/`, or elsewhere.',
})
export type RefKind = Type.Static<typeof RefKind>

export const Action = StringEnum(['create', 'update', 'delete', 'skip', 'block', 'warn'], {
  title: 'Action',
  description:
    'In a plan, what would be done. In a result, what was done: `block` did not move, and `reason` says why, or ' +
    'is `unknown` where the outcome of the push could not be learned; `warn` was refused, and the run went on (`bestEffort`).',
})
export type Action = Type.Static<typeof Action>

const refFields = {
  branch: Type.String({ description: 'Short name of the target ref, whatever its kind.' }),
  sourceRef: Type.String({ description: 'Full name; empty where the source has no such ref.' }),
  targetRef: Type.String({ description: 'Full name.' }),
  sourceHash: Type.String({ description: 'Empty where the source has no such ref.' }),
  targetHash: Type.String({ description: 'Empty where the target had no such ref.' }),
  kind: RefKind,
  action: Action,
  reason: Type.String({ description: 'Why this action, in words for people.' }),
}
export const RefResult = Type.Object(refFields, { title: 'RefResult' })
export type RefResult = Type.Static<typeof RefResult>
export const RefPlan = Type.Object(refFields, {
  title: 'RefPlan',
  description: 'A planned ref: its action has not been taken yet.',
})
export type RefPlan = Type.Static<typeof RefPlan>

export const SyncCounts = Type.Object(
  {
    applied: Type.Integer({ description: 'Creates and updates that the target confirmed.' }),
    skipped: Type.Integer({ description: 'In a plan, also the actions that would run.' }),
    blocked: Type.Integer({ description: 'Refs that did not, or would not, move.' }),
    deleted: Type.Integer({ description: 'Deletes that the target confirmed.' }),
    warned: Type.Integer({ description: 'Refusals that `bestEffort` made warnings.' }),
  },
  { title: 'SyncCounts' },
)
export type SyncCounts = Type.Static<typeof SyncCounts>

export const PlanSummary = Type.Object(
  {
    digest: Type.String({ description: '`sha256:` and 64 hex digits; what `expectedPlan` takes.' }),
    create: Type.Integer(),
    update: Type.Integer(),
    forced: Type.Integer({ description: 'The updates that are not proven fast-forwards.' }),
    delete: Type.Integer(),
    skip: Type.Integer(),
    block: Type.Integer(),
  },
  { title: 'PlanSummary' },
)
export type PlanSummary = Type.Static<typeof PlanSummary>

export const BatchSummary = Type.Object(
  {
    enabled: Type.Boolean({ description: 'In several pushes.' }),
    planned: Type.Integer({ description: 'An estimate, 0 while unknown.' }),
    done: Type.Integer({ description: 'Confirmed pushes.' }),
  },
  { title: 'BatchSummary' },
)
export type BatchSummary = Type.Static<typeof BatchSummary>

export const Protocol = StringEnum(['v1', 'v2'], { title: 'Protocol' })
export type Protocol = Type.Static<typeof Protocol>

export const TransferMode = StringEnum(
  [
    'none',
    'bootstrap',
    'incremental',
    'replicate',
    'bootstrap-batch',
    'incremental-batch',
    'replicate-batch',
    'materialized',
  ],
  {
    title: 'TransferMode',
    description:
      '`none`: nothing to push. `bootstrap`: no desired ref exists on the target. `incremental`: any other sync. ' +
      '`replicate`: any other replicate. `…-batch`: in several pushes. `materialized`: by way of a file.',
  },
)
export type TransferMode = Type.Static<typeof TransferMode>

/** Why a run took its transfer mode. */
export const transferReasons = {
  'up-to-date': 'nothing to push',
  'empty-target': 'no desired ref exists on the target',
  'existing-refs': 'some desired refs exist on the target',
  'source-authoritative': 'replicate overwrites whatever the target has',
  'blocked-refs': 'refs are blocked, so nothing would be pushed',
  'as-requested': 'the caller asked for a materialized transfer',
  'length-required': 'the target takes no body without a Content-Length',
} as const
export type TransferReason = keyof typeof transferReasons
const TransferReason = StringEnum(Object.keys(transferReasons) as TransferReason[], {
  title: 'TransferReason',
  description: `Why this transfer mode. ${Object.entries(transferReasons)
    .map(([word, meaning]) => `\`${word}\`: ${meaning}.`)
    .join(' ')}`,
})

const FailedLfsObject = Type.Object(
  {
    oid: Type.String({ description: 'SHA-256, in hex.' }),
    size: Type.Integer(),
    reason: Type.String({ description: 'In words for people.' }),
  },
  { title: 'FailedLfsObject' },
)

export const LfsSummary = Type.Object(
  {
    pointers: Type.Integer({ description: 'Different objects that pointers name.' }),
    bytes: Type.Integer({ description: 'Of all of them.' }),
    present: Type.Integer({ description: 'Objects that the target had.' }),
    moved: Type.Integer({ description: 'Objects that were brought to it.' }),
    movedBytes: Type.Integer(),
    missing: Type.Integer({ description: 'Objects that it lacks: in a plan, what a run would bring.' }),
    failed: Type.Array(FailedLfsObject, {
      description: 'Objects that the source lacks, or has otherwise than the pointer says; the first 100.',
    }),
  },
  { title: 'LfsSummary', description: 'What became of LFS objects; absent where they were left out.' },
)
export type LfsSummary = Type.Static<typeof LfsSummary>

export const ExecutionSummary = Type.Object(
  {
    dryRun: Type.Boolean({ description: 'A plan: nothing was pushed.' }),
    protocol: Protocol,
    operationMode: StringEnum(['sync', 'replicate']),
    relay: Type.Boolean({ description: 'The pack streamed straight from the source to the target.' }),
    transferMode: TransferMode,
    reason: TransferReason,
    bootstrapSuggested: Type.Boolean({ description: 'A plan that would create every ref.' }),
    sourceHead: Type.Optional(Type.String({ description: "The branch that the source's HEAD names." })),
    batch: BatchSummary,
  },
  { title: 'ExecutionSummary' },
)
export type ExecutionSummary = Type.Static<typeof ExecutionSummary>

export const ServiceStats = Type.Object(
  {
    name: Type.String(),
    requests: Type.Integer(),
    requestBytes: Type.Integer(),
    responseBytes: Type.Integer(),
    wants: Type.Integer(),
    haves: Type.Integer(),
    commands: Type.Integer(),
  },
  { title: 'ServiceStats' },
)
export type ServiceStats = Type.Static<typeof ServiceStats>

export const SideBytes = Type.Object(
  {
    label: Type.String({ description: '`source` or `target`.' }),
    bytes: Type.Integer({ description: 'Bytes of request and response bodies.' }),
    activeNanos: Type.Optional(Type.Integer()),
    idleNanos: Type.Optional(Type.Integer()),
  },
  { title: 'SideBytes' },
)
export type SideBytes = Type.Static<typeof SideBytes>

export const Stats = Type.Object(
  {
    enabled: Type.Boolean({ description: 'The request set `collectStats`; else all is empty.' }),
    items: Type.Record(Type.String(), ServiceStats, {
      description: 'By side, service and step, such as `source git-upload-pack info-refs`.',
    }),
    sides: Type.Optional(Type.Array(SideBytes)),
    elapsedNanos: Type.Optional(Type.Integer()),
  },
  { title: 'Stats' },
)
export type Stats = Type.Static<typeof Stats>

export const Measurement = Type.Object(
  {
    enabled: Type.Boolean({ description: 'The request set `options.measureMemory`; else all is 0.' }),
    elapsedMillis: Type.Integer(),
    peakAllocBytes: Type.Integer({ description: "V8's heap and external memory." }),
    peakHeapInuseBytes: Type.Integer(),
    totalAllocBytes: Type.Integer({ description: 'Growth seen between samples, added up: a lower bound.' }),
    gcCount: Type.Integer(),
    peakRssBytes: Type.Integer(),
  },
  { title: 'Measurement', description: 'Of the whole process while the run lasted.' },
)
export type Measurement = Type.Static<typeof Measurement>

export const ProbeResult = Type.Object(
  {
    sourceUrl: Type.String(),
    targetUrl: Type.Optional(Type.String()),
    requestedMode: Type.String({ description: 'The requested protocol.' }),
    protocol: Protocol,
    refPrefixes: Type.Array(Type.String(), { description: 'What the source was asked to list.' }),
    sourceCapabilities: Type.Array(Type.String()),
    targetCapabilities: Type.Optional(
      Type.Array(Type.String(), { description: 'Where a target was given.' }),
    ),
    refs: Type.Array(RefInfo, { description: 'Of the source, sorted by name, by bytes.' }),
    sourceHead: Type.Optional(Type.String({ description: "The branch that the source's HEAD names." })),
    sourceLfs: Type.Optional(
      Type.Boolean({ description: 'Whether its LFS server answers; with `options.lfs`.' }),
    ),
    targetLfs: Type.Optional(Type.Boolean({ description: 'The same of the target, where one is given.' })),
    stats: Stats,
    measurement: Measurement,
  },
  { title: 'ProbeResult' },
)
export type ProbeResult = Type.Static<typeof ProbeResult>

const runFields = {
  counts: SyncCounts,
  plan: PlanSummary,
  execution: ExecutionSummary,
  lfs: Type.Optional(LfsSummary),
  stats: Stats,
  measurement: Measurement,
}
const sorted = { description: 'Sorted by target ref, by bytes.' }

export const SyncResult = Type.Object(
  { refs: Type.Array(RefResult, sorted), ...runFields },
  { title: 'SyncResult' },
)
export type SyncResult = Type.Static<typeof SyncResult>

export const PlanResult = Type.Object(
  { refs: Type.Array(RefPlan, sorted), ...runFields },
  { title: 'PlanResult', description: 'What a run would do; nothing was pushed.' },
)
export type PlanResult = Type.Static<typeof PlanResult>
