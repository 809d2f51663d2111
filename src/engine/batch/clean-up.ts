import { GitSyncError } from '../../errors.js'
import type { Command } from '../../git/push-request.js'
import type { Context } from '../execution.js'
import { leftovers } from './temp-refs.js'

/**
 * Deletes the temporary refs that this run, or an earlier one, has left on the target. That it fails never fails a
 * run: the next one tries again.
 */
export async function cleanUp({ run, job, remotes, execution }: Context): Promise<void> {
  const { target } = remotes
  if (!target.capabilities.has('delete-refs')) return
  const listed = leftovers(target.refs, job.scope.tempRefPrefix, job.sourceUrl, Date.now())
  const commands: Command[] = [...listed, ...execution.leftBehind.splice(0)]
  if (commands.length === 0) return
  try {
    await target.push({ commands }, () => {})
  } catch (error) {
    if (!(error instanceof GitSyncError)) throw error
    run.emit({ type: 'notice', text: `temporary refs stay on the target for now: ${error.message}` })
  }
}
