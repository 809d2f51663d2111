import { Command } from 'commander'
import { addFlags } from '../flags/flag.js'
import {
  discoveryFlags,
  lfsProbeFlag,
  lfsUrlFlags,
  outputFlags,
  protocolFlag,
  type RunFlags,
  sideFlags,
} from '../flags/flags.js'
import { probeRequest } from '../flags/request.js'

export function probeCommand(): Command {
  const command = new Command('probe')
    .description("List the source's refs, and what both remotes can do.")
    .argument('<source-url>')
    .argument('[target-url]')
  addFlags(command, 'Which refs', discoveryFlags)
  addFlags(command, 'Transfer', [protocolFlag])
  addFlags(command, 'LFS', [lfsProbeFlag, ...lfsUrlFlags])
  addFlags(command, 'Source', sideFlags.source)
  addFlags(command, 'Target', sideFlags.target)
  addFlags(command, 'Output', outputFlags)
  return command.addHelpText('after', EXAMPLE).action(run)
}

async function run(source: string, target: string | undefined, flags: RunFlags): Promise<void> {
  const [{ executeCommand }, { probeText }] = await Promise.all([
    import('../run/operation.js'),
    import('../output/probe-text.js'),
  ])
  const request = probeRequest(source, target, flags)
  await executeCommand({
    flags,
    work: (clients, options) => clients.stable.probe(request, options),
    text: probeText,
  })
}

const EXAMPLE = `
Example:
  $ git-sync probe https://git.example.com/team/project.git --tags
`
