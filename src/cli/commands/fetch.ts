import { Command } from 'commander'
import { addFlags } from '../flags/flag.js'
import {
  branchFlag,
  discoveryFlags,
  excludeFlag,
  haveFlags,
  outputFlags,
  packSizeFlag,
  protocolFlag,
  type RunFlags,
  sideFlags,
} from '../flags/flags.js'
import { fetchRequest } from '../flags/request.js'

export function fetchCommand(): Command {
  const command = new Command('fetch')
    .description('Measure the pack that a source would send; keep nothing of it (unstable).')
    .argument('<source-url>')
  addFlags(command, 'Which refs', [branchFlag, ...discoveryFlags, excludeFlag, ...haveFlags])
  addFlags(command, 'Transfer', [protocolFlag, packSizeFlag])
  addFlags(command, 'Source', sideFlags.source)
  addFlags(command, 'Output', outputFlags)
  return command.addHelpText('after', EXAMPLE).action(run)
}

async function run(source: string, flags: RunFlags): Promise<void> {
  const [{ executeCommand }, { fetchText }] = await Promise.all([
    import('../run/operation.js'),
    import('../output/fetch-text.js'),
  ])
  const request = fetchRequest(source, flags)
  await executeCommand({
    flags,
    work: (clients, options) => clients.unstable.fetch(request, options),
    text: fetchText,
  })
}

const EXAMPLE = `
Example:
  $ git-sync fetch https://git.example.com/team/project.git \\
      --branch main --have-ref release/1.0
`
