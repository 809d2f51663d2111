import { Command } from 'commander'
import type { SyncRequest } from '../../../schemas/request.js'
import type { SyncResult } from '../../../schemas/result.js'
import type { RunOptions } from '../../engine/run/runner.js'
import { addFlags, type Flag } from '../flags/flag.js'
import {
  lfsFlags,
  omitSkippedFlag,
  outputFlags,
  type RunFlags,
  scopeFlags,
  sideFlags,
  transferFlags,
} from '../flags/flags.js'
import { syncRequest } from '../flags/request.js'
import type { Clients } from './operation.js'

export interface MirrorCommand {
  name: string
  description: string
  /** Flags for what may happen to refs, in which the commands differ. */
  policy: readonly Flag[]
  /** The end of the help. */
  help: string
  /** As in the Go command, --all-refs makes a refusal a warning: hosts let nobody write some of these refs. */
  allRefsAreBestEffort?: boolean
  work: (clients: Clients, request: SyncRequest, options: RunOptions) => Promise<SyncResult>
}

/** A command that plans or mirrors refs from a source to a target. */
export function mirrorCommand({ name, description, policy, help, ...rest }: MirrorCommand): Command {
  const command = new Command(name)
    .description(description)
    .argument('<source-url>')
    .argument('<target-url>')
    .addHelpText('after', help)
  addFlags(command, 'Which refs', scopeFlags)
  addFlags(command, 'What may happen to them', policy)
  addFlags(command, 'Transfer', transferFlags)
  addFlags(command, 'LFS', lfsFlags)
  addFlags(command, 'Source', sideFlags.source)
  addFlags(command, 'Target', sideFlags.target)
  addFlags(command, 'Output', [...outputFlags, omitSkippedFlag])
  return command.action((source: string, target: string, flags: RunFlags) => run(source, target, flags, rest))
}

async function run(
  source: string,
  target: string,
  flags: RunFlags,
  { allRefsAreBestEffort, work }: Pick<MirrorCommand, 'allRefsAreBestEffort' | 'work'>,
): Promise<void> {
  const { executeCommand } = await import('./operation.js')
  const { syncText } = await import('../output/sync-text.js')
  const implied = allRefsAreBestEffort && flags.allRefs && !flags.atomic ? { bestEffort: true } : {}
  const request = syncRequest(source, target, { ...flags, ...implied })
  await executeCommand({ flags, work: (clients, options) => work(clients, request, options), text: syncText })
}
