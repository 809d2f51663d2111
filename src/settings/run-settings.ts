import Type from '../../schemas/type.js'
import { isWellFormedRefName } from '../git/refs/ref-name.js'
import { readTraceTarget, type TraceTarget } from './packet-trace.js'
import { readTime, readVariables } from './read-variables.js'
import { SettingError } from './setting-error.js'
import { SETTINGS, Settings } from './settings.js'
import { CLI_VARIABLES, checkVariables } from './variables.js'

/** The settings of a run that the service and the command line share. Times are milliseconds. */
export interface RunSettings {
  runTimeout: number
  stallTimeout: number
  spoolDir: string
  tempRefPrefix: string
  lfs: 'off' | 'new' | 'all'
  tracePacket: TraceTarget | undefined
}

export const RUN_VARIABLES = [
  'GITSYNC_RUN_TIMEOUT',
  'GITSYNC_STALL_TIMEOUT',
  'GITSYNC_SPOOL_DIR',
  'GITSYNC_TEMP_REF_PREFIX',
  'GITSYNC_LFS',
  'GITSYNC_TRACE_PACKET',
] as const

const RunVariables = Type.Pick(Settings, RUN_VARIABLES)
type RunVariables = Type.Static<typeof RunVariables>

/** @throws SettingError */
export function toRunSettings(settings: RunVariables): RunSettings {
  return {
    runTimeout: readTime('GITSYNC_RUN_TIMEOUT', settings.GITSYNC_RUN_TIMEOUT),
    stallTimeout: readTime('GITSYNC_STALL_TIMEOUT', settings.GITSYNC_STALL_TIMEOUT),
    spoolDir: settings.GITSYNC_SPOOL_DIR,
    tempRefPrefix: refPrefix(settings.GITSYNC_TEMP_REF_PREFIX),
    lfs: settings.GITSYNC_LFS,
    tracePacket: readTraceTarget(settings.GITSYNC_TRACE_PACKET),
  }
}

/**
 * The settings of a run alone, for the command line: a wrong value of any other setting does not matter there.
 *
 * @param warn called for each variable that nothing reads
 * @throws SettingError
 */
export function readRunSettings(env: NodeJS.ProcessEnv, warn: (text: string) => void): RunSettings {
  const known = [...SETTINGS, ...CLI_VARIABLES]
  for (const warning of checkVariables(env, [...RUN_VARIABLES, ...CLI_VARIABLES], known)) warn(warning)
  return toRunSettings(readVariables(RunVariables, env))
}

function refPrefix(text: string): string {
  if (!/^refs\/(?:heads|tags)$/.test(text) && isWellFormedRefName(text)) return text
  throw new SettingError(
    'GITSYNC_TEMP_REF_PREFIX must be a ref namespace that nothing else uses, such as refs/gitsync',
  )
}
