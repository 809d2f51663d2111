import { SettingError } from './setting-error.js'

/** The variables of the options that a `Client` has. */
export const CLIENT_VARIABLES = {
  stallTimeout: 'GITSYNC_STALL_TIMEOUT',
  spoolDir: 'GITSYNC_SPOOL_DIR',
  tempRefPrefix: 'GITSYNC_TEMP_REF_PREFIX',
}

const SIDE_VARIABLES = ['USERNAME', 'TOKEN', 'BEARER_TOKEN']
/** Variables that the command line reads in addition to the service's settings. */
export const CLI_VARIABLES = ['SOURCE', 'TARGET'].flatMap((side) =>
  SIDE_VARIABLES.map((name) => `GITSYNC_${side}_${name}`),
)

/**
 * Warns of each variable that is not read. One that is a slip away from a variable that is read was meant to be that
 * one: a protection or a limit would silently be missing.
 *
 * @param read the variables that this program reads here
 * @param known all that any part of it reads
 * @throws SettingError for a slip, and for a value that is not UTF-8
 */
export function checkVariables(
  env: NodeJS.ProcessEnv,
  read: readonly string[],
  known: readonly string[] = read,
): string[] {
  const warnings: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (!/^GITSYNC/i.test(name) || !value) continue
    if (read.includes(name) && value.includes('\ufffd')) throw new SettingError(`${name} is not UTF-8`)
    if (known.includes(name)) continue
    const meant = read.find((other) => isOneSlip(name.toUpperCase(), other))
    if (meant) throw new SettingError(`${name} is not a setting: did you mean ${meant}?`)
    warnings.push(`${name} is not a setting of git-sync, and has no effect`)
  }
  return warnings
}

/** Whether one letter too many, too few or another one, or two that changed places, is all that differs. */
function isOneSlip(a: string, b: string): boolean {
  if (a.length > b.length) return isOneSlip(b, a)
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  const [restOfA, restOfB] = [a.slice(at), b.slice(at)]
  if (a.length < b.length) return restOfA === restOfB.slice(1)
  const isSwapped = restOfA[0] === restOfB[1] && restOfA[1] === restOfB[0]
  return restOfA.slice(1) === restOfB.slice(1) || (isSwapped && restOfA.slice(2) === restOfB.slice(2))
}
