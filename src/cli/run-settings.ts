import { type Config, readConfig } from '../service/config.js'

export type RunSettings = Pick<Config, 'runTimeout' | 'stallTimeout' | 'spoolDir' | 'tempRefPrefix'>

export const RUN_VARIABLES = [
  'GITSYNC_RUN_TIMEOUT',
  'GITSYNC_STALL_TIMEOUT',
  'GITSYNC_SPOOL_DIR',
  'GITSYNC_TEMP_REF_PREFIX',
]

/** The service's settings that a run needs; what the others are does not matter here. @throws SettingError */
export function readRunSettings(env: NodeJS.ProcessEnv): RunSettings {
  const own = Object.fromEntries(RUN_VARIABLES.map((name) => [name, env[name]]))
  const { runTimeout, stallTimeout, spoolDir, tempRefPrefix } = readConfig(own)
  return { runTimeout, stallTimeout, spoolDir, tempRefPrefix }
}
