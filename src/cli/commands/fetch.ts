import { Command, Option } from 'commander'
import { collect, list } from '../flags/flag-values.js'
import {
  addFlags,
  discoveryFlags,
  outputFlags,
  packSizeFlag,
  protocolFlag,
  sideFlags,
} from '../flags/flags.js'
import { type FetchFlags, fetchRequest } from '../flags/request.js'

export function fetchCommand(): Command {
  const command = new Command('fetch')
    .description('Measure the pack that a source would send; keep nothing of it (unstable).')
    .argument('<source-url>')
  addFlags(command, 'Which refs', [
    new Option('--branch <names>', 'only these branches, a,b or repeated; one * each').argParser(list),
    ...discoveryFlags(),
    new Option('--exclude-ref <ref>', 'a ref to leave out; may be repeated').argParser(collect),
    new Option('--have-ref <ref>', 'a ref of the source to count as had; may be repeated').argParser(collect),
    new Option('--have <id>', 'an object to count as had; may be repeated').argParser(collect),
  ])
  addFlags(command, 'Transfer', [protocolFlag(), packSizeFlag()])
  addFlags(command, 'Source', sideFlags('source'))
  addFlags(command, 'Output', outputFlags())
  return command.addHelpText('after', EXAMPLE).action(run)
}

async function run(source: string, flags: FetchFlags): Promise<void> {
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
  $ git-sync fetch https://git.example.com/team/project.git --branch main --have-ref release/1.0
`
