import { type Config, readConfig, SETTINGS } from '../service/config.js'
import { CLI_VARIABLES, CLIENT_VARIABLES, checkVariables } from './variables.js'

export type RunSettings = Pick<Config, 'runTimeout' | 'stallTimeout' | 'spoolDir' | 'tempRefPrefix'>

export const RUN_VARIABLES = ['GITSYNC_RUN_TIMEOUT', ...Object.values(CLIENT_VARIABLES)]

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
  const { runTimeout, stallTimeout, spoolDir, tempRefPrefix } = readConfig(own)
  return { runTimeout, stallTimeout, spoolDir, tempRefPrefix }
}
