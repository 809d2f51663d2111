import { GitSyncError } from '../../errors.js'
import type { Command } from '../../git/wire/push-request.js'
import type { Context } from '../push/push-state.js'
import { leftovers } from './temp-refs.js'

/**
 * Deletes the temporary refs that this run, or an earlier one, has left on the target. A failure here never fails the
 * run: the next one tries again.
 */
export async function cleanUp({ run, job, remotes, execution }: Context): Promise<void> {
  const { target } = remotes
  if (!target.capabilities.has('delete-refs')) return
  const listed = await leftovers(target.refs, job.scope.tempRefPrefix, job.sourceUrl, Date.now())
  // Both name the same refs if the target was listed again meanwhile.
  const byRef = new Map<string, Command>()
  for (const command of [...execution.leftBehind.splice(0), ...listed]) byRef.set(command.ref, command)
  const commands = [...byRef.values()].slice(0, job.maxRefUpdates)
  if (commands.length === 0) return
  try {
    await target.push({ commands }, () => {})
  } catch (error) {
    if (!(error instanceof GitSyncError)) throw error
    run.emit({ type: 'notice', text: `temporary refs stay on the target for now: ${error.message}` })
  }
}
