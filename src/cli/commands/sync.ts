import type { Command } from 'commander'
import { forceFlags, pruneFlags, pushFlags } from '../flags/flags.js'
import { mirrorCommand } from '../run/mirror-command.js'

export function syncCommand(): Command {
  return mirrorCommand({
    name: 'sync',
    description: "Bring the target's refs to those of the source; what diverged blocks the run.",
    policy: [...pruneFlags, ...forceFlags, ...pushFlags],
    help: HELP,
    allRefsAreBestEffort: true,
    work: ({ stable }, request, options) => stable.sync(request, options),
  })
}

const HELP = `
With --all-refs a refused ref is a warning, unless --atomic is given.

Example:
  $ git-sync sync https://git.example.com/team/project.git \\
      https://mirror.example.com/team/project.git \\
      --tags --prune
`
