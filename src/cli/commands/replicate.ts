import type { Command } from 'commander'
import { pruneFlags, pushFlags } from '../flags/flags.js'
import { mirrorCommand } from '../run/mirror-command.js'

export function replicateCommand(): Command {
  return mirrorCommand({
    name: 'replicate',
    description: "Make the target's refs those of the source, whatever it has.",
    policy: [...pruneFlags, ...pushFlags],
    help: HELP,
    work: ({ stable }, request, options) => stable.replicate(request, options),
  })
}

const HELP = `
Example:
  $ git-sync replicate https://git.example.com/team/project.git \\
      https://mirror.example.com/team/project.git \\
      --all-refs --prune --max-deletes 10
`
