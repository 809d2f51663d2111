import { setMaxListeners } from 'node:events'
import type { LfsSummary } from '../../../schemas/result.js'
import { GitSyncError } from '../../errors.js'
import { type FailedObject, findLacking, moveLacking } from '../../lfs/move-objects.js'
import { ObjectList } from '../../lfs/object-list.js'
import { scanPointers } from '../../lfs/pointer-scan.js'
import { waitByTimer } from '../../lfs/retry.js'
import type { Sides } from '../../lfs/transfer.js'
import { traced } from '../../runtime/trace.js'
import { filterYielding } from '../../runtime/yield.js'
import { setting, worded } from '../../wording.js'
import type { Remotes } from '../plan/list-remotes.js'
import type { PlannedRef } from '../plan/plan-refs.js'
import { countedPack } from '../push/counted-pack.js'
import { chooseHaves } from '../push/haves.js'
import { newObjects } from '../push/wants.js'
import type { SyncSpec } from '../request/sync-spec.js'
import type { RunContext } from '../run/run-context.js'

/** Bytes that an object of a list takes. */
const LISTED_OBJECT = 60

/** What LFS objects have come to, attempt after attempt. */
export class LfsOutcome {
  #list: ObjectList | undefined
  /** Of earlier attempts, whose objects the target has by now. */
  #moved = { objects: 0, bytes: 0 }
  failed: FailedObject[] = []

  begin(list: ObjectList): void {
    const { objects, bytes } = this.#list?.count('moved') ?? { objects: 0, bytes: 0 }
    this.#moved = { objects: this.#moved.objects + objects, bytes: this.#moved.bytes + bytes }
    this.#list = list
    this.failed = []
  }

  /** Undefined where nobody has looked for any. */
  get summary(): LfsSummary | undefined {
    const list = this.#list
    if (!list) return undefined
    const moved = list.count('moved')
    const missing = ['named', 'lacking', 'failed'] as const
    return {
      pointers: list.length,
      bytes: list.bytes,
      present: Math.max(0, list.count('present').objects - this.#moved.objects),
      moved: moved.objects + this.#moved.objects,
      movedBytes: moved.bytes + this.#moved.bytes,
      missing: missing.reduce((sum, state) => sum + list.count(state).objects, 0),
      failed: this.failed,
    }
  }
}

interface Phase {
  run: RunContext
  job: SyncSpec
  remotes: Remotes
  plan: readonly PlannedRef[]
  outcome: LfsOutcome
}

/**
 * Brings the LFS objects to the target that pointers of the plan name, before any ref moves; in a plan, finds out which it lacks. The target is
 * asked first, so that only what it lacks is read from the source.
 *
 * @throws GitSyncError `lfs_object_missing` where the source lacks some, unless `bestEffort` lets them go; `lfs_limit_exceeded`
 */
export async function bringLfsObjects(phase: Phase): Promise<void> {
  const { run, job, outcome } = phase
  if (job.lfs.mode === 'off') return
  run.meter.enter('lfs')
  await traced('lfs', {}, async (span) => {
    const list = await findPointers(phase)
    await run.memory.hold('lfs', list.length * LISTED_OBJECT, run.signal)
    outcome.begin(list)
    if (list.length > 0) await bring(phase, list)
    const { pointers = 0, moved = 0, movedBytes = 0 } = outcome.summary ?? {}
    span?.setAttributes({
      'gitsync.lfs.pointers': pointers,
      'gitsync.lfs.moved': moved,
      'gitsync.lfs.bytes': movedBytes,
    })
  })
}

async function findPointers({ run, job, remotes, plan }: Phase): Promise<ObjectList> {
  const { source, target } = remotes
  const { signal } = run
  const isAll = job.lfs.mode === 'all'
  const kept = await filterYielding(plan, ({ action }) => isWrite(action) || (isAll && action === 'skip'), {
    signal,
  })
  const commands = kept.map(({ sourceHash, targetRef }) => ({ ref: targetRef, oldId: '', newId: sourceHash }))
  const wants = await newObjects(commands, isAll ? new Map() : target.refs, signal)
  if (wants.length === 0) return new ObjectList()
  const haves = isAll ? [] : await chooseHaves(remotes, plan, new Set(), signal)
  let isNotified = false
  return scanPointers(
    source,
    { wants, haves, shallow: isAll ? [] : target.shallow },
    {
      counting: (pack) => countedPack(pack, { run, job }),
      onLost: () => {
        if (isNotified) return
        isNotified = true
        const text =
          'the source does not serve the bases of some deltas: LFS pointers among those could not be found'
        run.emit({ type: 'notice', text })
      },
    },
  )
}

async function bring({ run, job, plan, outcome }: Phase, list: ObjectList): Promise<void> {
  const ending = new AbortController()
  const signal = AbortSignal.any([run.signal, ending.signal])
  // Each request listens for the end.
  setMaxListeners(0, signal)
  const { lfs } = run.meter
  const first = plan.find(({ action }) => isWrite(action))
  const sides: Sides = {
    source: run.openLfs('source', signal),
    target: run.openLfs('target', signal),
    refs: { source: first?.sourceRef, target: first?.targetRef },
    wait: waitByTimer,
    meter: {
      received: (bytes) => {
        lfs.received += bytes
        run.meter.changed()
      },
      sent: (bytes) => {
        lfs.sent += bytes
        run.meter.changed()
      },
    },
  }
  await findLacking({ sides, list, ending })
  const lacking = { ...list.count('lacking') }
  Object.assign(lfs, { done: 0, bytes: 0, total: lacking.objects, totalBytes: lacking.bytes })
  run.meter.changed()
  if (job.dryRun || lacking.objects === 0) return
  checkLimits(job, lacking)
  const onMoved = ({ size }: { size: number }) => {
    lfs.done++
    lfs.bytes += size
    run.meter.changed()
  }
  outcome.failed = await moveLacking({ sides, list, ending, onMoved })
  judgeMissing({ run, job }, list, outcome.failed)
}

/** @throws GitSyncError `lfs_limit_exceeded` */
function checkLimits({ lfs }: SyncSpec, { objects, bytes }: { objects: number; bytes: number }): void {
  const over =
    objects > lfs.maxObjects
      ? worded`${objects} LFS objects, and ${setting('options.lfsMaxObjects')} allows ${lfs.maxObjects}`
      : bytes > lfs.maxBytes
        ? worded`${bytes} bytes of LFS objects, and ${setting('options.lfsMaxBytes')} allows ${lfs.maxBytes}`
        : undefined
  if (over !== undefined)
    throw new GitSyncError(
      'lfs_limit_exceeded',
      worded`The target lacks ${over}: raise it, or sync fewer refs.`,
    )
}

/** What the source lacks ends the run before any ref moves, or is a warning under `bestEffort`. */
function judgeMissing(
  { run, job }: Pick<Phase, 'run' | 'job'>,
  list: ObjectList,
  failed: readonly FailedObject[],
): void {
  const { objects } = list.count('failed')
  const [first] = failed
  if (objects === 0 || !first) return
  const more = objects > 1 ? ` and ${objects - 1} more` : ''
  const what = `the LFS object ${first.oid} (${first.reason})${more}`
  if (job.bestEffort) run.emit({ type: 'notice', text: `the source lacks ${what}: the mirror goes without` })
  else {
    const bestEffort = setting('policy.bestEffort')
    const hint = worded`push them there from a clone that has them (git lfs push --all), or set ${bestEffort} to go without`
    throw new GitSyncError('lfs_object_missing', worded`The source lacks ${what}: ${hint}.`)
  }
}

function isWrite(action: PlannedRef['action']): boolean {
  return action === 'create' || action === 'update'
}
