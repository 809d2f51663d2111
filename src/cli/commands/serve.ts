import { Command } from 'commander'

export function serveCommand(): Command {
  return new Command('serve')
    .description('Run the HTTP service; its settings are GITSYNC_* variables.')
    .addHelpText('after', EXAMPLE)
    .action(async () => {
      await import('../../main.js')
    })
}

const EXAMPLE = `
Example:
  $ GITSYNC_PORT=8080 git-sync serve
`
