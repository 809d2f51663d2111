import { withoutLineEnd } from '../../git/secrets/credentials.js'
import type { Setting } from '../../wording.js'
import { type Flag, type FlagOptions, flag } from './flag.js'
import { collect, list, parseCount, parseMapping, parseSize, parseText } from './flag-values.js'

/** Flags that the commands read themselves; requests are built from all flags by their `setting`. */
export interface RunFlags {
  allRefs?: boolean
  atomic?: boolean
  bestEffort?: boolean
  protocol?: 'auto' | 'v1' | 'v2'
  targetMaxPackBytes?: number
  sourceUsername?: string
  targetUsername?: string
  progress?: boolean
  json?: boolean
  verbose?: boolean
}

const size: FlagOptions = { parse: parseSize }
const count: FlagOptions = { parse: parseCount }
const many: FlagOptions = { parse: collect }

export const discoveryFlags = [
  flag('--tags', 'policy.includeTags', 'all tags too'),
  flag('--all-refs', 'scope.allRefs', 'all tags and all other refs too'),
  flag(
    '--exclude-ref-prefix <prefix>',
    'scope.excludeRefPrefixes',
    'refs to leave alone, as refs/pull/; may be repeated',
    many,
  ),
]

export const branchFlag = flag(
  '--branch <names>',
  'scope.branches',
  'only these branches, a,b or repeated; one * each',
  { parse: list },
)

export const excludeFlag = flag(
  '--exclude-ref <ref>',
  'scope.excludeRefs',
  'a ref to leave alone, as refs/heads/wip/*; may be repeated',
  many,
)

export const scopeFlags = [
  branchFlag,
  flag('--map <src:dst>', 'scope.mappings', 'a ref and its name on the target; may be repeated; one * each', {
    parse: parseMapping,
  }),
  ...discoveryFlags,
  excludeFlag,
]

export const haveFlags = [
  flag('--have-ref <ref>', 'haveRefs', 'a ref of the source to count as had; may be repeated', many),
  flag('--have <id>', 'haves', 'an object to count as had; may be repeated', many),
]

export const modeFlag = flag('--mode <mode>', 'policy.mode', 'what to plan', {
  choices: ['sync', 'replicate'],
})

export const pruneFlags = [
  flag('--prune', 'policy.prune', 'delete managed target refs that the source lacks'),
  flag('--max-deletes <n>', 'policy.maxDeletes', 'refuse a plan that deletes more', count),
  flag('--max-forced <n>', 'policy.maxForced', 'refuse a plan that overwrites more', count),
]

export const forceFlags = [
  flag(
    '--force-with-lease',
    'policy.forceWithLease',
    'overwrite diverged refs, unless another writer moves them',
  ),
  flag('--force-blind', 'policy.forceBlind', 'overwrite whatever is there'),
]

export const pushFlags = [
  flag('--best-effort', 'policy.bestEffort', 'a ref that the target refuses is a warning'),
  flag('--atomic', 'policy.atomic', 'all refs or none, in one push'),
  flag('--expected-plan <digest>', 'policy.expectedPlan', 'run only if the plan is still this one', {
    parse: parseText,
  }),
]

export const protocolFlag = flag(
  '--protocol <version>',
  'policy.protocol',
  'version of the git protocol for the source',
  {
    choices: ['auto', 'v1', 'v2'],
  },
)

export const packSizeFlag = flag(
  '--max-pack-bytes <size>',
  'options.maxPackBytes',
  'most pack bytes to read from the source, as 2GiB or 50MB',
  size,
)

const targetPackSizeFlag = flag(
  '--target-max-pack-bytes <size>',
  'options.targetMaxPackBytes',
  'most pack bytes that the target accepts in one push',
  size,
)

export const transferFlags = [
  protocolFlag,
  packSizeFlag,
  targetPackSizeFlag,
  flag(
    '--target-max-ref-updates <n>',
    'options.targetMaxRefUpdates',
    'most ref updates in one push (5000)',
    count,
  ),
  flag('--materialize <when>', 'options.materialize', 'spool the pack to a file first', {
    choices: ['auto', 'always', 'never'],
  }),
  flag(
    '--materialized-max-bytes <size>',
    'options.materializedMaxBytes',
    'most bytes of a spooled pack (4GiB)',
    size,
  ),
  flag(
    '--materialized-max-objects <n>',
    'options.materializedMaxObjects',
    'most objects of a spooled pack',
    count,
  ),
  flag('--push-option <text>', 'options.pushOptions', 'a push option for the target; may be repeated', many),
]

export const lfsUrlFlags = (['source', 'target'] as const).map((side) =>
  flag(`--${side}-lfs-url <url>`, `${side}.lfsUrl`, `the LFS server of the ${side} (<url>.git/info/lfs)`, {
    parse: parseText,
  }),
)

export const lfsFlags = [
  flag('--lfs [which]', 'policy.lfs', 'mirror LFS objects: of what is new (the default), or of all', {
    choices: ['off', 'new', 'all'],
    preset: 'new',
  }),
  flag('--lfs-max-bytes <size>', 'options.lfsMaxBytes', 'refuse to move more bytes of LFS objects', size),
  flag('--lfs-max-objects <n>', 'options.lfsMaxObjects', 'refuse to move more LFS objects', count),
  ...lfsUrlFlags,
]

/** For `probe`, where it has no value. */
export const lfsProbeFlag = flag('--lfs', 'options.lfs', 'ask each side whether it has an LFS server')

/** Credentials and connection of one side. A token in a variable is not seen in the list of processes. */
export const sideFlags = { source: flagsOf('source'), target: flagsOf('target') }

function flagsOf(side: 'source' | 'target') {
  const secret = (name: string) => ({
    variable: `GITSYNC_${side.toUpperCase()}_${name}`,
    parse: withoutLineEnd,
  })
  return [
    flag(`--${side}-username <name>`, `auth.${side}.username`, 'user name (git)', secret('USERNAME')),
    flag(`--${side}-token <token>`, `auth.${side}.token`, 'token or password', secret('TOKEN')),
    flag(
      `--${side}-bearer-token <token>`,
      `auth.${side}.bearerToken`,
      'bearer token; wins',
      secret('BEARER_TOKEN'),
    ),
    flag(`--${side}-insecure-skip-tls-verify`, `auth.${side}.skipTlsVerify`, 'accept any certificate'),
    flag(
      `--${side}-follow-info-refs-redirect`,
      `${side}.followInfoRefsRedirect`,
      'follow a redirect to another origin',
    ),
  ]
}

export const jsonFlag = flag('--json', undefined, 'print the result as JSON, as the service does')

export const outputFlags = [
  jsonFlag,
  flag('--stats', 'collectStats', 'count requests and bytes'),
  flag('--measure-memory', 'options.measureMemory', 'measure memory while the run lasts'),
  flag('--progress', undefined, 'show progress even without a terminal'),
  flag('-v, --verbose', undefined, 'show every ref, and what the remotes say'),
]

export const omitSkippedFlag = flag(
  '--omit-skipped',
  'options.omitSkipped',
  'leave refs that are up to date out of the result',
)

export const benchFlags = [
  flag('--source <url-or-path>', undefined, 'the repository', { isMandatory: true }),
  flag('--repeat <n>', undefined, 'how many first syncs (5)', count),
  targetPackSizeFlag,
  protocolFlag,
]

export type RequestFlag = Flag & { setting: Setting }

/** Every flag that sets something in a request. */
export const requestFlags: readonly RequestFlag[] = [
  ...scopeFlags,
  ...haveFlags,
  modeFlag,
  ...pruneFlags,
  ...forceFlags,
  ...pushFlags,
  ...transferFlags,
  ...lfsFlags,
  ...sideFlags.source,
  ...sideFlags.target,
  ...outputFlags,
  omitSkippedFlag,
].flatMap(withSetting)

/** The same for a probe. */
export const probeFlags: readonly RequestFlag[] = [
  ...requestFlags.filter(({ setting }) => setting !== 'policy.lfs'),
  ...withSetting(lfsProbeFlag),
]

function withSetting(row: Flag): RequestFlag[] {
  return row.setting === undefined ? [] : [{ ...row, setting: row.setting }]
}
