import { type Command, Option } from 'commander'
import type { RefMapping } from '../../../schemas/request.js'
import { collect, list, parseCount, parseMapping, parseSize, parseText } from './flag-values.js'

/** What the flags of a run come to. Those that a command lacks are absent, as are those that are not given. */
export interface RunFlags {
  branch?: string[]
  map?: RefMapping[]
  tags?: boolean
  allRefs?: boolean
  excludeRefPrefix?: string[]
  excludeRef?: string[]
  mode?: 'sync' | 'replicate'
  prune?: boolean
  forceWithLease?: boolean
  forceBlind?: boolean
  bestEffort?: boolean
  atomic?: boolean
  maxDeletes?: number
  maxForced?: number
  expectedPlan?: string
  protocol?: 'auto' | 'v1' | 'v2'
  maxPackBytes?: number
  targetMaxPackBytes?: number
  targetMaxRefUpdates?: number
  materialize?: 'auto' | 'always' | 'never'
  materializedMaxBytes?: number
  materializedMaxObjects?: number
  pushOption?: string[]
  lfs?: 'off' | 'new' | 'all' | true
  lfsMaxBytes?: number
  lfsMaxObjects?: number
  sourceUsername?: string
  sourceToken?: string
  sourceBearerToken?: string
  sourceInsecureSkipTlsVerify?: boolean
  sourceFollowInfoRefsRedirect?: boolean
  sourceLfsUrl?: string
  targetUsername?: string
  targetToken?: string
  targetBearerToken?: string
  targetInsecureSkipTlsVerify?: boolean
  targetFollowInfoRefsRedirect?: boolean
  targetLfsUrl?: string
  stats?: boolean
  measureMemory?: boolean
  progress?: boolean
  json?: boolean
  verbose?: boolean
}

const size = (flag: string, what: string) => new Option(`${flag} <size>`, what).argParser(parseSize)
const count = (flag: string, what: string) => new Option(`${flag} <n>`, what).argParser(parseCount)
const many = (flag: string, what: string) => new Option(flag, `${what}; may be repeated`).argParser(collect)

/** Adds flags in their order, under a heading of the help. */
export function addFlags(command: Command, heading: string, options: readonly Option[]): Command {
  for (const option of options) command.addOption(option.helpGroup(`${heading}:`))
  return command
}

export const scopeFlags = () => [
  new Option('--branch <names>', 'only these branches, a,b or repeated; one * each').argParser(list),
  new Option('--map <src:dst>', 'a ref and its name on the target; may be repeated; one * each').argParser(
    parseMapping,
  ),
  ...discoveryFlags(),
  many('--exclude-ref <ref>', 'a ref to leave alone, as refs/heads/wip/*'),
]

export const discoveryFlags = () => [
  new Option('--tags', 'all tags too'),
  new Option('--all-refs', 'all tags and all other refs too'),
  many('--exclude-ref-prefix <prefix>', 'refs to leave alone, as refs/pull/'),
]

export const pushFlags = () => [
  new Option('--best-effort', 'a ref that the target refuses is a warning'),
  new Option('--atomic', 'all refs or none, in one push'),
  new Option('--expected-plan <digest>', 'run only if the plan is still this one').argParser(parseText),
]

export const pruneFlags = () => [
  new Option('--prune', 'delete managed target refs that the source lacks'),
  count('--max-deletes', 'refuse a plan that deletes more'),
  count('--max-forced', 'refuse a plan that overwrites more'),
]

export const forceFlags = () => [
  new Option('--force-with-lease', 'overwrite what diverged, if nobody else moves it'),
  new Option('--force-blind', 'overwrite whatever is there'),
]

export const modeFlag = () => new Option('--mode <mode>', 'what to plan').choices(['sync', 'replicate'])

export const protocolFlag = () =>
  new Option('--protocol <version>', 'how to speak with the source').choices(['auto', 'v1', 'v2'])

export const packSizeFlag = () =>
  size('--max-pack-bytes', 'most pack bytes to read from the source, as 2GiB or 50MB')

export const transferFlags = () => [
  packSizeFlag(),
  size('--target-max-pack-bytes', 'most pack bytes that the target takes in one push'),
  count('--target-max-ref-updates', 'most ref updates in one push (5000)'),
  new Option('--materialize <when>', 'spool the pack to a file first').choices(['auto', 'always', 'never']),
  size('--materialized-max-bytes', 'most bytes of a spooled pack (4GiB)'),
  count('--materialized-max-objects', 'most objects of a spooled pack'),
  many('--push-option <text>', 'a push option for the target'),
]

export const lfsFlags = () => [
  new Option('--lfs [which]', 'bring LFS objects: of what is new, or of all')
    .choices(['off', 'new', 'all'])
    .preset('new'),
  size('--lfs-max-bytes', 'most bytes of LFS objects to bring'),
  count('--lfs-max-objects', 'most LFS objects to bring'),
  ...lfsUrlFlags(),
]

export const lfsProbeFlags = () => [
  new Option('--lfs', 'ask each side whether it has an LFS server'),
  ...lfsUrlFlags(),
]

const lfsUrlFlags = () =>
  ['source', 'target'].map((side) =>
    new Option(`--${side}-lfs-url <url>`, `the LFS server of the ${side} (<url>.git/info/lfs)`).argParser(
      parseText,
    ),
  )

/** Credentials and connection of one side. A token in a variable is not seen in the list of processes. */
export const sideFlags = (side: 'source' | 'target') => {
  const variable = (name: string) => `GITSYNC_${side.toUpperCase()}_${name}`
  return [
    new Option(`--${side}-username <name>`, 'user name (git)').env(variable('USERNAME')),
    new Option(`--${side}-token <token>`, 'token or password').env(variable('TOKEN')),
    new Option(`--${side}-bearer-token <token>`, 'bearer token; wins').env(variable('BEARER_TOKEN')),
    new Option(`--${side}-insecure-skip-tls-verify`, 'accept any certificate'),
    new Option(`--${side}-follow-info-refs-redirect`, 'follow a redirect to another origin'),
  ]
}

export const outputFlags = () => [
  new Option('--json', 'print the result as the JSON that the service answers'),
  new Option('--stats', 'count requests and bytes'),
  new Option('--measure-memory', 'measure memory while the run lasts'),
  new Option('--progress', 'show progress although no terminal is there'),
  new Option('-v, --verbose', 'show every ref, and what the remotes say'),
]
