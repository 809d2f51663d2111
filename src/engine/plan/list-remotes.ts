import type { ProtocolMode } from '../../../schemas/request.js'
import { GitSyncError } from '../../errors.js'
import { ReceivePack } from '../../git/receive-pack.js'
import { UploadPack } from '../../git/upload-pack.js'
import { traced } from '../../runtime/trace.js'
import { refPrefixes } from '../request/scope.js'
import type { SyncSpec } from '../request/sync-spec.js'
import { leftOut } from '../run/notices.js'
import type { RunContext } from '../run/run-context.js'
import { type DesiredRef, selectRefs } from './select.js'

/** Both sides of a run, with their refs as they were listed. */
export interface Remotes {
  source: UploadPack
  target: ReceivePack
  /** By target ref: the source object that the target shall have. */
  desired: ReadonlyMap<string, DesiredRef>
}

/** Bytes that a ref to be planned, ordered and reported takes, apart from its names and ids. */
const PLANNED_REF = 500

/** Lists both remotes at once, reports each as it responds, and selects from the source while the target continues. */
export async function openRemotes(run: RunContext, job: SyncSpec): Promise<Remotes> {
  const openAndSelect = async () => {
    const source = await openSource(run, job.protocol, refPrefixes(job.scope))
    const selection = selectRefs(job.scope, source.refs, run.signal)
    // Errors of a remote take precedence over selection errors.
    selection.catch(() => {})
    return { source, selection }
  }
  const [{ source, selection }, target] = await Promise.all([openAndSelect(), openTarget(run)])
  // Over v1 a source without refs has no line on which to name its format.
  if (source.refs.size > 0 && source.objectFormat !== target.objectFormat) {
    const message = `The source's object format is ${source.objectFormat}, the target's ${target.objectFormat}`
    throw new GitSyncError('unsupported', `${message}: git cannot mirror one to the other.`)
  }
  const { desired, notices } = await selection
  const planned = desired.size + (job.prune ? target.refs.size : 0)
  await run.memory.hold('plan', planned * PLANNED_REF, run.signal)
  for (const text of notices) run.emit({ type: 'notice', text })
  return { source, target, desired }
}

export async function openSource(
  run: RunContext,
  mode: ProtocolMode,
  prefixes: readonly string[],
): Promise<UploadPack> {
  const source = await traced('discover source', {}, () => UploadPack.open(run.source, mode, prefixes))
  const { protocol, refs, head } = source
  run.emit({
    type: 'discovered',
    side: 'source',
    protocol,
    refs: refs.size,
    ...(head === undefined ? {} : { head }),
  })
  for (const text of leftOut(source.invalidNames)) run.emit({ type: 'notice', text })
  return source
}

export async function openTarget(run: RunContext): Promise<ReceivePack> {
  const target = await traced('discover target', {}, () => ReceivePack.open(run.target))
  const { refs, head } = target
  run.emit({
    type: 'discovered',
    side: 'target',
    protocol: 'v1',
    refs: refs.size,
    ...(head === undefined ? {} : { head }),
  })
  return target
}
