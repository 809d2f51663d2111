import type { Command } from 'commander'
import { forceFlags, modeFlag, pruneFlags, pushFlags } from '../flags/flags.js'
import { mirrorCommand } from '../run/mirror-command.js'

export function planCommand(): Command {
  return mirrorCommand({
    name: 'plan',
    description: 'Say what a sync or replicate would do, ref by ref; push nothing.',
    policy: [modeFlag, ...pruneFlags, ...forceFlags, ...pushFlags],
    help: HELP,
    allRefsAreBestEffort: true,
    work: ({ stable }, request, options) => stable.plan(request, options),
  })
}

const HELP = `
The exit status is 0 even if refs are blocked.
--expected-plan accepts the digest that it prints.

Example:
  $ git-sync plan https://git.example.com/team/project.git \\
      https://mirror.example.com/team/project.git \\
      --branch 'main,release/*'
`
