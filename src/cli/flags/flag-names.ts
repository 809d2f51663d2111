import { CLIENT_VARIABLES } from '../../settings/variables.js'
import type { Names, Setting } from '../../wording.js'
import { toOption } from './flag.js'
import { probeFlags, requestFlags } from './flags.js'

/** Names of settings that have no flag of their own. */
const OTHERS: Partial<Record<Setting, string>> = {
  'source.url': '<source-url>',
  'target.url': '<target-url>',
  'auth.source': '--source-token',
  'auth.target': '--target-token',
  'policy.force': '--force-with-lease',
  replicate: 'git-sync replicate',
  ...CLIENT_VARIABLES,
}

const FLAGS = new Map<string, string>([
  ...Object.entries(OTHERS),
  ...[...probeFlags, ...requestFlags].map((flag): [string, string] => [
    flag.setting,
    toOption(flag).long ?? flag.spec,
  ]),
])

/** Settings as the command line names them. */
export const flagNames: Names = {
  setting: (setting) => FLAGS.get(setting) ?? setting,
  pointer: (pointer) => pointedAt(pointer) ?? pointer,
}

/** The flag for a pointer, or for what it lies in, such as an item of a list. */
function pointedAt(pointer: string): string | undefined {
  // No setting has more than three parts.
  const parts = pointer.slice(1).split('/', 4)
  for (let length = parts.length; length > 0; length--) {
    const path = parts.slice(0, length).join('.')
    // Probe and fetch requests have at the top level what others have in groups.
    const found = FLAGS.get(path) ?? FLAGS.get(`scope.${path}`) ?? FLAGS.get(`policy.${path}`)
    if (found !== undefined) return found
  }
  return undefined
}
