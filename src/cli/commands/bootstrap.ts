import type { Command } from 'commander'
import { pushFlags } from '../flags/flags.js'
import { mirrorCommand } from '../run/mirror-command.js'

export function bootstrapCommand(): Command {
  return mirrorCommand({
    name: 'bootstrap',
    description: 'Fill a target that has none of the refs yet; refuse any other (unstable).',
    policy: pushFlags,
    help: HELP,
    work: ({ unstable }, request, options) => unstable.bootstrap(request, options),
  })
}

const HELP = `
Example:
  $ git-sync bootstrap https://git.example.com/team/project.git \\
      https://mirror.example.com/team/project.git \\
      --tags --target-max-pack-bytes 500MiB
`
