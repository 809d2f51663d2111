import { StringEnum } from './atoms.js'
import Type from './type.js'

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
    'In a plan, what would be done. In a result, what was done: a `block` ref did not move, and `reason` says why, or ' +
    'is `unknown` if the outcome of its push could not be determined; a `warn` ref was refused, and the run continued ' +
    '(`bestEffort`).',
})
export type Action = Type.Static<typeof Action>

const refFields = {
  branch: Type.String({ description: 'Short name of the target ref, whatever its kind.' }),
  sourceRef: Type.String({ description: 'Full name; empty if the source has no such ref.' }),
  targetRef: Type.String({ description: 'Full name.' }),
  sourceHash: Type.String({ description: 'Empty if the source has no such ref.' }),
  targetHash: Type.String({ description: 'Empty if the target had no such ref.' }),
  kind: RefKind,
  action: Action,
  reason: Type.String({ description: 'The reason for the action, for people to read.' }),
}
export const RefResult = Type.Object(refFields, { title: 'RefResult' })
export type RefResult = Type.Static<typeof RefResult>
export const RefPlan = Type.Object(refFields, {
  title: 'RefPlan',
  description: 'A planned ref: its action has not been carried out.',
})
export type RefPlan = Type.Static<typeof RefPlan>

export const SyncCounts = Type.Object(
  {
    applied: Type.Integer({ description: 'Creates and updates that the target confirmed.' }),
    skipped: Type.Integer({
      description: 'In a plan, this includes the actions that a run would carry out.',
    }),
    blocked: Type.Integer({ description: 'Refs that did not, or would not, move.' }),
    deleted: Type.Integer({ description: 'Deletes that the target confirmed.' }),
    warned: Type.Integer({ description: 'Refusals that `bestEffort` turned into warnings.' }),
  },
  { title: 'SyncCounts' },
)
export type SyncCounts = Type.Static<typeof SyncCounts>

export const PlanSummary = Type.Object(
  {
    digest: Type.String({ description: '`sha256:` and 64 hex digits, for `expectedPlan`.' }),
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
    enabled: Type.Boolean({ description: 'The transfer takes several pushes.' }),
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
      '`replicate`: any other replicate. `…-batch`: in several pushes. `materialized`: spooled to a file first.',
  },
)
export type TransferMode = Type.Static<typeof TransferMode>

/** Why a run uses its transfer mode. */
export const transferReasons = {
  'up-to-date': 'nothing to push',
  'empty-target': 'no desired ref exists on the target',
  'existing-refs': 'some desired refs exist on the target',
  'source-authoritative': 'replicate overwrites what differs on the target',
  'blocked-refs': 'refs are blocked, so nothing would be pushed',
  'as-requested': 'the request asks for a materialized transfer',
  'length-required': 'the target requires a Content-Length',
} as const
export type TransferReason = keyof typeof transferReasons
const TransferReason = StringEnum(Object.keys(transferReasons) as TransferReason[], {
  title: 'TransferReason',
  description: `The reason for the transfer mode. ${Object.entries(transferReasons)
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
    dryRun: Type.Boolean({ description: 'This is a plan: nothing was pushed.' }),
    protocol: Protocol,
    operationMode: StringEnum(['sync', 'replicate']),
    relay: Type.Boolean({ description: 'The pack streamed straight from the source to the target.' }),
    transferMode: TransferMode,
    reason: TransferReason,
    bootstrapSuggested: Type.Boolean({ description: 'The plan would create every ref.' }),
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
    enabled: Type.Boolean({ description: 'The request set `collectStats`; otherwise everything is empty.' }),
    items: Type.Record(Type.String(), ServiceStats, {
      description: 'By side, service and phase, such as `source git-upload-pack info-refs`.',
    }),
    sides: Type.Optional(Type.Array(SideBytes)),
    elapsedNanos: Type.Optional(Type.Integer()),
  },
  { title: 'Stats' },
)
export type Stats = Type.Static<typeof Stats>

export const Measurement = Type.Object(
  {
    enabled: Type.Boolean({
      description: 'The request set `options.measureMemory`; otherwise everything is 0.',
    }),
    elapsedMillis: Type.Integer(),
    peakAllocBytes: Type.Integer({ description: "V8's heap and external memory." }),
    peakHeapInuseBytes: Type.Integer(),
    totalAllocBytes: Type.Integer({ description: 'The sum of growth between samples: a lower bound.' }),
    gcCount: Type.Integer(),
    peakRssBytes: Type.Integer(),
  },
  { title: 'Measurement', description: 'Of the whole process, during the run.' },
)
export type Measurement = Type.Static<typeof Measurement>

export const ProbeResult = Type.Object(
  {
    sourceUrl: Type.String(),
    targetUrl: Type.Optional(Type.String()),
    requestedMode: Type.String({ description: 'The requested protocol.' }),
    protocol: Protocol,
    refPrefixes: Type.Array(Type.String(), {
      description: 'The prefixes that the source was asked to list.',
    }),
    sourceCapabilities: Type.Array(Type.String()),
    targetCapabilities: Type.Optional(
      Type.Array(Type.String(), { description: 'Present if a target was given.' }),
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
  { title: 'PlanResult', description: 'The outcome that a run would have; nothing was pushed.' },
)
export type PlanResult = Type.Static<typeof PlanResult>
