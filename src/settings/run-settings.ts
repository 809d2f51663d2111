import { type Config, readConfig, SETTINGS } from '../service/config.js'
import { CLI_VARIABLES, checkVariables } from './variables.js'

export type RunSettings = Pick<Config, 'runTimeout' | 'stallTimeout' | 'spoolDir' | 'tempRefPrefix' | 'lfs'>

export const RUN_VARIABLES = [
  'GITSYNC_RUN_TIMEOUT',
  'GITSYNC_STALL_TIMEOUT',
  'GITSYNC_SPOOL_DIR',
  'GITSYNC_TEMP_REF_PREFIX',
  'GITSYNC_LFS',
]

/**
 * The service's settings that a run needs; what the others are does not matter here.
 *
 * @param warn told of variables that nothing reads
 * @throws SettingError
 */
export function readRunSettings(env: NodeJS.ProcessEnv, warn: (text: string) => void): RunSettings {
  const read = [...RUN_VARIABLES, ...CLI_VARIABLES]
  for (const warning of checkVariables(env, read, [...SETTINGS, ...CLI_VARIABLES])) warn(warning)
  const own = Object.fromEntries(RUN_VARIABLES.map((name) => [name, env[name]]))
  const { runTimeout, stallTimeout, spoolDir, tempRefPrefix, lfs } = readConfig(own)
  return { runTimeout, stallTimeout, spoolDir, tempRefPrefix, lfs }
}
