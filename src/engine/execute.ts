import { GitSyncError } from '../errors.js'
import { emptyPack } from '../git/pack.js'
import type { PushReport } from '../git/push-report.js'
import type { Command } from '../git/push-request.js'
import { chooseHaves } from './haves.js'
import type { Job, Run } from './job.js'
import type { PlannedRef } from './plan.js'
import { remoteText } from './progress.js'
import { relayPack } from './relay.js'
import type { Remotes } from './remotes.js'
import { pushError, type Settled, settlePush } from './settle.js'

/** What the pushes of one attempt have come to. */
export interface Execution {
  planned: number
  /** Pushes of which the target confirmed something. */
  done: number
  /** A pack was streamed straight through. */
  relayed: boolean
  /** By target ref: what was confirmed, or refused under `bestEffort`. */
  settled: Map<string, PlannedRef>
  /** By target ref: why it did not move. */
  failed: Map<string, string>
}

interface Context {
  run: Run
  job: Job
  remotes: Remotes
  plan: readonly PlannedRef[]
  /** Objects that the target has: its tips, and what earlier pushes confirmed. */
  known: Set<string>
}

/**
 * Carries out one push after another, each with its own fetch. The first that is not wholly done stops those that
 * follow, unless `bestEffort` made its refusals warnings. `execution` tells how far it came, also when it throws.
 */
export async function executePushes(
  context: Context,
  pushes: readonly Command[][],
  execution: Execution,
): Promise<void> {
  for (const commands of pushes) {
    const pushed = await pushOnce(context, commands, execution)
    keepVerdicts(context, pushed, execution)
    const { settled, report, failure } = pushed
    const error = pushError(settled.verdicts, report, context.job.bestEffort && !failure)
    if (error) throw error.code === 'ref_rejected' && failure ? failure : error
  }
}

function keepVerdicts(
  { job, plan, known }: Context,
  { settled, report, failure }: Pushed,
  execution: Execution,
): void {
  const mayWarn = job.bestEffort && !failure && !report?.unpackError
  let confirmed = 0
  for (const planned of plan) {
    const ref = planned.targetRef
    const verdict = settled.verdicts.get(ref)
    if (!verdict) continue
    if (verdict.type === 'done') {
      execution.settled.set(ref, planned)
      if (planned.action !== 'delete') known.add(planned.sourceHash)
      confirmed++
    } else if (verdict.type === 'refused' && mayWarn) {
      execution.settled.set(ref, { ...planned, action: 'warn', reason: verdict.reason, forced: false })
    } else {
      execution.failed.set(ref, verdict.reason)
    }
  }
  if (confirmed > 0) execution.done++
}

interface Pushed {
  settled: Settled
  report: PushReport | undefined
  /** The push broke after its commit point, so that the target's refs had to say what became of it. */
  failure: GitSyncError | undefined
}

async function pushOnce(
  context: Context,
  commands: readonly Command[],
  execution: Execution,
): Promise<Pushed> {
  const { run, remotes, known } = context
  const wants = [...new Set(commands.map(({ newId }) => newId))].filter((id) => id !== '' && !known.has(id))
  const thin = wants.length > 0 && !remotes.target.capabilities.has('no-thin')
  const first = await attempt(thin)
  const unpackFailed = first.report !== undefined && first.report.unpackError !== ''
  const nothingMoved = [...first.settled.verdicts.values()].every(({ type }) => type === 'refused')
  if (!(thin && unpackFailed && nothingMoved)) return first
  run.emit({ type: 'notice', text: 'the target could not unpack a thin pack: sending a whole one' })
  return attempt(false)

  async function attempt(asThin: boolean): Promise<Pushed> {
    const { report, failure } = await send(context, commands, wants, asThin, execution)
    run.meter.enter('confirm')
    const settled = await settlePush(remotes.target, commands, report).catch((error: unknown) => {
      throw failure ?? error
    })
    return { settled, report, failure }
  }
}

async function send(
  { run, job, remotes, plan, known }: Context,
  commands: readonly Command[],
  wants: readonly string[],
  thin: boolean,
  execution: Execution,
): Promise<Pick<Pushed, 'report' | 'failure'>> {
  const { source, target } = remotes
  const push = { commands, atomic: job.atomic, pushOptions: job.pushOptions }
  const fromTarget = remoteText('target', (text) => target.redact(text), run.emit)
  run.meter.enter('relay')
  if (wants.length === 0) {
    const needsPack = commands.some(({ newId }) => newId !== '')
    const pack = needsPack ? { pack: once(emptyPack(target.objectFormat)) } : {}
    return outcomeOf(target.push({ ...push, ...pack }, fromTarget), () => true)
  }
  const haves = [...new Set([...chooseHaves(target, plan, source.refs), ...known])]
  const ofsDelta = target.capabilities.has('ofs-delta')
  const request = {
    wants,
    haves,
    shallow: target.shallow,
    thin: thin && haves.length > 0,
    ofsDelta,
    progress: true,
  }
  const fromSource = remoteText('source', (text) => source.redact(text), run.emit)
  const pack = await source.fetch(request, 'fetch', fromSource)
  try {
    run.meter.objects = pack.objects
    const relay = relayPack(pack, target.objectFormat, run.meter, job.maxPackBytes)
    execution.relayed = true
    return await outcomeOf(target.push({ ...push, pack: relay.bytes }, fromTarget), relay.committed)
  } finally {
    await pack.return()
  }
}

/** Before the commit point a failure is final and moved nothing; after it, only the target knows. */
async function outcomeOf(
  pushing: Promise<PushReport | undefined>,
  committed: () => boolean,
): Promise<Pick<Pushed, 'report' | 'failure'>> {
  try {
    return { report: await pushing, failure: undefined }
  } catch (error) {
    if (!committed() || !(error instanceof GitSyncError) || !isUnclear(error)) throw error
    return { report: undefined, failure: error }
  }
}

/** A clear refusal, or our own end of the run, leaves nothing to find out. */
function isUnclear({ code }: GitSyncError): boolean {
  return ['target_unreachable', 'target_protocol_error', 'target_timeout', 'target_unavailable'].includes(
    code,
  )
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
